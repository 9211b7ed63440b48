package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"bluegate/deploy"
	"bluegate/testdata/stand"
)

// G: several at once, and poor surroundings.
var rowsG = []row{
	{id: "G1", injected: "two deployments at once, 20 times, from two folders and by two users of the engine", required: "exactly one runs, the other exits 6 and says who", run: twoAtOnce},
	{id: "G1 waits", injected: "two deployments at once, the second with --wait-lock", required: "both run, one after the other", run: twoThatWait},
	{id: "G1 nginx", injected: "two projects behind one nginx", required: "one switches at a time", tests: []string{"./deploy:TestNginxIsLocked", "./deploy:TestAnotherProjectSwitchedMeanwhile"}},
	{id: "G2", injected: "the lock of a dead holder, of this machine and of another", required: "clears itself, no manual step", tests: []string{"./compose:TestLockOfAProcess", "./compose:TestLockOfAnotherMachine", "./compose:TestHolderWhosePidIsAnothers"}},
	{id: "G2 lease", injected: "the lock cannot be renewed", required: "its holder stops acting before another may take it", tests: []string{"./compose:TestLeaseIsLostBeforeItEnds", "./deploy:TestLeaseLost"}},
	{id: "G5", injected: "no terminal, TERM=dumb, 20 columns", required: "plain lines, a heartbeat", tests: []string{"./cmd/bluegate:TestPlainProgress", "./cmd/bluegate:TestHeartbeat", "./cmd/bluegate:TestTerminal", "./cmd/bluegate:TestNoLineIsSilentForLong"}},
	{id: "G7", injected: "no HOME, no folder for temporary files, and a project folder that cannot be written to", required: "works without", run: poorSurroundings},
	{id: "G8", injected: "a journal that is corrupt, or of another version", required: "refused with the remedy; never a silent reset", tests: []string{"./compose:TestJournalsThatCannotBeUsed", "./compose:TestCorruptJournalIsLeftAlone", "./deploy:TestJournalUnusable"}},
	{id: "50 in a row", injected: "fifty deployments, good and bad mixed, a rollback after good ones", required: "no growth in containers, images, networks, volumes and the journal", run: manyInARow},
}

const pairs = 20

// twoAtOnce starts two deployments at the same moment: as root in the project's folder, and as another user in a copy
// of it.
func twoAtOnce(t *trial) {
	s := t.newShop(stand.Options{})
	lent := s.lend()
	version := "v2"
	another := func(cmd *exec.Cmd) {
		cmd.Dir = lent
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Env = append(cmd.Env, "HOME=/nonexistent")
	}
	won := map[string]int{}
	for i := range pairs {
		calls := map[string]*call{"one": s.start(version, nil, "deploy"), "two": s.start(version, another, "deploy")}
		codes := map[int]int{}
		for name, c := range calls {
			code := c.end(3 * time.Minute)
			codes[code]++
			if code == 0 {
				won[name]++
			}
			if code == 6 {
				winner := calls[map[string]string{"one": "two", "two": "one"}[name]]
				if who := fmt.Sprintf("pid %d", winner.cmd.Process.Pid); !strings.Contains(c.said(), who) {
					t.errorf("pair %d: the one that was refused does not name %s:\n%s", i, who, lastLines(c.said(), 5))
				}
			}
		}
		if codes[0] != 1 || codes[6] != 1 {
			t.errorf("pair %d: exit codes %v, want one 0 and one 6\n%s\n%s", i, codes, lastLines(calls["one"].said(), 8), lastLines(calls["two"].said(), 8))
		}
		version = other(version)
		if len(t.wrong) > 10 {
			break
		}
	}
	t.observe("%d pairs: root won %d times, the other user %d times", pairs, won["one"], won["two"])
	s.stands()
	s.holds()
}

func twoThatWait(t *trial) {
	s := t.newShop(stand.Options{})
	first := s.start("v2", nil, "deploy", "--wait-lock", "2m")
	second := s.start("v2", nil, "deploy", "--wait-lock", "2m")
	if a, b := first.end(3*time.Minute), second.end(3*time.Minute); a != 0 || b != 0 {
		t.errorf("exit codes %d and %d, want 0 and 0\n%s\n%s", a, b, lastLines(first.said(), 8), lastLines(second.said(), 8))
	}
	if live := s.stands(); live != deploy.Blue {
		t.errorf("%s is live after two deployments, want blue", live)
	}
	t.observe("both promoted, one after the other")
	s.holds()
}

func poorSurroundings(t *trial) {
	s := t.newShop(stand.Options{})
	dir := s.lend() // nginx's own files stay where they are, and can be written to
	// A mount that cannot be written to stops root too; it ends with this process's own namespace.
	t.must(syscall.Mount(dir, dir, "", syscall.MS_BIND, ""))
	t.cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	t.must(syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""))
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err == nil {
		t.errorf("the folder can be written to")
	}
	c := s.start("v2", func(cmd *exec.Cmd) {
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=/nonexistent", "VERSION=v2", "DOCKER_HOST=" + s.proxy.Host()}
	}, "deploy")
	code := c.end(2 * time.Minute)
	if code != 0 {
		t.errorf("exit code %d\n%s", code, lastLines(c.said(), 10))
	}
	t.observe("exit %d, %s is live", code, s.stands())
	s.holds()
}

// manyInARow alternates good releases, bad ones and rollbacks, and counts what is on the engine.
func manyInARow(t *trial) {
	s := t.newShop(stand.Options{})
	count := func() string {
		var out []string
		for _, args := range [][]string{{"ps", "-aq"}, {"images", "-aq"}, {"network", "ls", "-q"}, {"volume", "ls", "-q"}} {
			text, err := stand.Docker(args...)
			t.must(err)
			out = append(out, fmt.Sprintf("%s %d", args[0], len(strings.Fields(text))))
		}
		return strings.Join(out, ", ")
	}
	journal := func() int {
		out, err := exec.Command("docker", "cp", "bluegate-journal-"+s.Name+":/journal.json", "-").Output()
		t.must(err)
		return len(out)
	}
	version, good, bad, back := "v2", 0, 0, 0
	var before string
	var size int
	for i := range t.deploys {
		switch i % 5 {
		case 2:
			s.wants(3, "v3", "deploy")
			bad++
		case 4:
			s.wants(0, version, "rollback")
			back++
		default:
			s.wants(0, version, "deploy")
			version = other(version)
			good++
		}
		if i == 14 { // all that is kept is there by now
			before, size = count(), journal()
		}
		if len(t.wrong) > 5 {
			break
		}
	}
	after := count()
	if t.deploys > 20 && t.deploys%5 == 0 && after != before {
		t.errorf("on the engine are %s, and after fifteen there were %s", after, before)
	}
	if grown := journal() - size; t.deploys > 20 && grown > size/2 {
		t.errorf("the journal has grown by %d bytes, from %d", grown, size)
	}
	t.observe("%d good, %d bad, %d rollbacks; at the end %s, after fifteen %s", good, bad, back, after, before)
	s.stands()
	s.holds()
}
