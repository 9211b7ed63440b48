package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/stand"
)

// G: several at once, and poor surroundings.
var rowsG = []row{
	{id: "G1", injected: "two deployments at once, 20 times, from two folders and by two users of the engine", required: "exactly one runs, the other exits 6 and says who", run: twoAtOnce},
	{id: "G1 waits", injected: "two deployments at once, the second with --wait-lock", required: "both run, one after the other", run: twoThatWait},
	{id: "G1 nginx", injected: "two projects behind one nginx", required: "one switches at a time", tests: []string{"./deploy:TestNginxIsLocked", "./deploy:TestAnotherProjectSwitchedMeanwhile"}},
	{id: "G2", injected: "the lock of a dead holder, of this machine and of another", required: "clears itself, no manual step", tests: []string{"./compose/state:TestLockOfAProcess", "./compose/state:TestLockOfAnotherMachine", "./compose/state:TestHolderWhosePidIsAnothers"}},
	{id: "G2 lease", injected: "the lock cannot be renewed", required: "its holder stops acting before another may take it", tests: []string{"./compose/state:TestLeaseIsLostBeforeItEnds", "./deploy:TestLeaseLost"}},
	{id: "G5", injected: "no terminal, TERM=dumb, 20 columns", required: "plain lines, a heartbeat", tests: []string{"./cmd/bluegate/ui/progress:TestPlainProgress", "./cmd/bluegate/ui/progress:TestHeartbeat", "./cmd/bluegate/ui/progress:TestTerminal", "./cmd/bluegate/ui/progress:TestNoLineIsSilentForLong"}},
	{id: "G7", injected: "no HOME, no folder for temporary files, and a project folder that cannot be written to", required: "works without", run: poorSurroundings},
	{id: "G8", injected: "a journal that is corrupt, or of another version", required: "refused with the remedy; never a silent reset", tests: []string{"./compose/state:TestJournalsThatCannotBeUsed", "./compose/state:TestCorruptJournalIsLeftAlone", "./deploy:TestJournalUnusable"}},
	{id: "50 in a row", injected: "fifty deployments, good and bad mixed, a rollback after each good one", required: "no growth in containers, images, networks, volumes, journal, the engine's connections, and a run's memory", run: manyInARow},
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
	if live := s.stands(); live != model.Blue {
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

// stock is what is there after a round: of the engine's, of the journal, of the engine's open descriptors.
type stock struct {
	containers, images, networks, volumes int
	journal                               int // bytes
	descriptors                           int // of the engine, most of which are connections
}

func (s *shop) stock() (k stock) {
	count := func(args ...string) int {
		text, err := stand.Docker(args...)
		s.t.must(err)
		return len(strings.Fields(text))
	}
	k.containers, k.images = count("ps", "-aq"), count("images", "-aq")
	k.networks, k.volumes = count("network", "ls", "-q"), count("volume", "ls", "-q")
	out, err := exec.Command("docker", "cp", "bluegate-journal-"+s.Name+":/journal.json", "-").Output()
	s.t.must(err)
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.t.daemon.Process.Pid))
	s.t.must(err)
	k.journal, k.descriptors = len(out), len(open)
	return k
}

func (k stock) String() string {
	return fmt.Sprintf("%d containers, %d images, %d networks, %d volumes, a journal of %d bytes, %d descriptors of the engine", k.containers, k.images, k.networks, k.volumes, k.journal, k.descriptors)
}

// outgrows compares with what was there when every kind of command had been run a few times. The journal's releases and
// the engine's connections come and go.
func (k stock) outgrows(before stock) bool {
	return k.containers > before.containers || k.images > before.images || k.networks > before.networks || k.volumes > before.volumes ||
		k.journal > before.journal*5/4 || k.descriptors > before.descriptors+10
}

// manyInARow deploys good releases and bad ones, and goes back after each good one.
func manyInARow(t *trial) {
	s := t.newShop(stand.Options{})
	version, good, bad := "v2", 0, 0
	var before stock
	var peaks []int64 // of the good deployments, in KiB
	for i := range t.deploys {
		if i%5 == 4 {
			s.wants(3, "v3", "deploy")
			bad++
		} else {
			peaks = append(peaks, s.wants(0, version, "deploy").Peak)
			s.wants(0, version, "rollback")
			version = other(version)
			good++
		}
		if i == 9 {
			before = s.stock()
		}
		if len(t.wrong) > 5 {
			break
		}
	}
	after, n := s.stock(), len(peaks)/4
	if t.deploys >= 20 && after.outgrows(before) {
		t.errorf("there are %s, and after ten deployments there were %s", after, before)
	}
	first, last := slices.Max(peaks[:n]), slices.Max(peaks[len(peaks)-n:])
	if t.deploys >= 20 && last > first*5/4 {
		t.errorf("a deployment takes %d MiB of memory at the end, and took %d in the beginning", last>>10, first>>10)
	}
	t.observe("%d good, a rollback after each, %d bad; at the end %s; after ten %s; the most memory of a deployment %d MiB in the first quarter, %d in the last", good, bad, after, before, first>>10, last>>10)
	s.stands()
	s.holds()
}
