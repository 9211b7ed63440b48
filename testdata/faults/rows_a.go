package main

import (
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/faults/proxy"
	"bluegate/testdata/pty"
	"bluegate/testdata/stand"
)

// A: the death and the interruption of bluegate itself.
var rowsA = []row{
	{id: "A1–14 before", injected: "SIGKILL before each call of a deployment that changes something on the engine, and before each write of nginx's files",
		required: "users lose nothing; what is served passed its gate; status says which; the next command needs no manual step", run: sweep(false)},
	{id: "A1–14 after", injected: "SIGKILL after each of them, before bluegate has the answer", required: "the same", run: sweep(true)},
	{id: "A1–14 settle", injected: "SIGKILL of the settling itself, at each of its calls", required: "the same", run: sweepSettle},
	{id: "A1–14 drill", injected: "SIGKILL of a drill, before and after its calls", required: "users lose nothing; settle has the colour live that was live, with the same containers, and a rollback goes back to the same release", run: sweepDrill},
	{id: "A15 first", injected: "SIGKILL at random moments, one run after the other", required: "the same", run: randomly(2)},
	{id: "A15 second", injected: "the same, other moments", required: "the same", run: randomly(2)},
	{id: "A16", injected: "SIGINT, SIGTERM in the gate", required: "stops waiting, abandons, exits 130 and 143", run: interruptedInTheGate},
	{id: "A17", injected: "SIGTERM between the write and the signal, and between the signal and the proof", required: "finishes or undoes the switch, then exits; never half", run: interruptedInTheSwitch},
	{id: "A18", injected: "a second SIGINT in the undoing", required: "exits at once; the journal is intact", run: interruptedTwice},
	{id: "A19", injected: "SIGHUP in the gate, with and without nohup", required: "like SIGTERM; under nohup it goes on", run: hungUp},
	{id: "A20", injected: "deploy | head -1", required: "completes; the exit code is the deployment's", run: brokenPipe},
	{id: "A21", injected: "SIGKILL at each call of `deploy --until preview`, of `promote` and of `abort`, before it or after it", required: "the same; the next deployment, with --replace, is live", run: sweepPreview},
}

// standOptions are those of a shop as people have it.
var standOptions = stand.Options{}

// patience makes a gate wait long enough to be interrupted.
const patience = "gate: {stable: 60s}\n"

// isSignal tells the call that makes nginx reload.
func isSignal(c proxy.Call) bool {
	return strings.Contains(c.Path, "/kill?") && strings.Contains(c.Path, "HUP")
}

func interruptedInTheGate(t *trial) {
	s := t.newShop(stand.Options{Config: patience})
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		c := s.start("v2", nil, "deploy")
		c.until("healthy")
		t.must(c.cmd.Process.Signal(signal))
		began := time.Now()
		if code := c.end(time.Minute); code != 128+int(signal) {
			t.errorf("exit code %d after %s, want %d\n%s", code, signal, 128+int(signal), lastLines(c.said(), 10))
		}
		t.observe("%s: exit %d after %s", signal, c.cmd.ProcessState.ExitCode(), time.Since(began).Round(10*time.Millisecond))
		if live := s.stands(); live != model.Blue {
			t.errorf("%s is live", live)
		}
		s.tidy()
	}
	s.holds()
}

func interruptedInTheSwitch(t *trial) {
	s := t.newShop(stand.Options{})
	version := "v2"
	for _, where := range []string{"after the write", "before the signal", "after the signal"} {
		var v victim
		terminate := func() { v.signal(syscall.SIGTERM) }
		var once atomic.Bool
		s.proxy.Inject(func(c proxy.Call) proxy.Fault {
			write, signal := c.Method == "WRITE", isSignal(c)
			switch {
			case !(where == "after the write" && write || where != "after the write" && signal) || once.Swap(true):
				return proxy.Fault{}
			case where == "before the signal":
				return proxy.Fault{Before: terminate}
			}
			return proxy.Fault{After: terminate}
		})
		c := s.start(version, nil, "deploy")
		v.cmd.Store(c.cmd)
		code := c.end(2 * time.Minute)
		s.proxy.Inject(nil)
		if code != 143 && code != 0 {
			t.errorf("exit code %d after SIGTERM %s\n%s", code, where, lastLines(c.said(), 10))
		}
		t.observe("%s: exit %d, %s is live", where, code, s.stands())
		s.recovers("settle", version)
		s.tidy()
		version = other(version)
	}
	s.holds()
}

func (v *victim) signal(signal syscall.Signal) {
	if cmd := v.wait(); cmd != nil {
		_ = cmd.Process.Signal(signal)
	}
}

func interruptedTwice(t *trial) {
	s := t.newShop(stand.Options{Config: patience})
	undoing, release := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	s.proxy.Inject(func(c proxy.Call) proxy.Fault {
		if c.Method != "DELETE" || !strings.Contains(c.Path, "/containers/") || once.Swap(true) {
			return proxy.Fault{}
		}
		return proxy.Fault{Before: func() { close(undoing); <-release }, Drop: true}
	})
	once.Store(true)                                   // the helpers of the rehearsal go too
	terminal, line := (*os.File)(nil), (*os.File)(nil) // only a person, who has one, may end an undoing
	c := s.start("v2", func(cmd *exec.Cmd) {
		var err error
		terminal, line, err = pty.Attach(cmd)
		t.must(err)
	}, "deploy")
	t.cleanup(func() { _ = terminal.Close() })
	t.must(line.Close())
	c.until("healthy")
	once.Store(false)
	t.must(c.cmd.Process.Signal(syscall.SIGINT))
	select {
	case <-undoing:
	case <-time.After(time.Minute):
		t.fatalf("nothing was undone after SIGINT:\n%s", lastLines(c.said(), 10))
	}
	time.Sleep(time.Second) // two of one moment are one key press
	t.must(c.cmd.Process.Signal(syscall.SIGINT))
	if code := c.end(30 * time.Second); code != 130 {
		t.errorf("exit code %d after the second SIGINT, want 130", code)
	}
	close(release)
	s.proxy.Inject(nil)
	s.stands()
	s.wants(0, "v2", "settle")
	t.observe("exit 130 while the undoing was held up; settle finished it")
	s.holds()
}

func hungUp(t *trial) {
	s := t.newShop(stand.Options{Config: "gate: {stable: 4s}\n"})
	caught := make(chan os.Signal, 1) // a suite under nohup would hand on that it is ignored; what is caught is not handed on
	signal.Notify(caught, syscall.SIGHUP)
	c := s.start("v2", nil, "deploy")
	c.until("healthy")
	t.must(c.cmd.Process.Signal(syscall.SIGHUP))
	if code := c.end(time.Minute); code != 129 {
		t.errorf("exit code %d after SIGHUP, want 129\n%s", code, lastLines(c.said(), 10))
	}
	if live := s.stands(); live != model.Blue {
		t.errorf("%s is live", live)
	}
	nohup, err := exec.LookPath("nohup")
	t.must(err)
	c = s.start("v2", func(cmd *exec.Cmd) { cmd.Args = append([]string{"nohup"}, cmd.Args...); cmd.Path = nohup }, "deploy")
	c.until("healthy")
	t.must(c.cmd.Process.Signal(syscall.SIGHUP))
	if code := c.end(time.Minute); code != 0 {
		t.errorf("exit code %d under nohup, want 0\n%s", code, lastLines(c.said(), 10))
	}
	if live := s.stands(); live != model.Green {
		t.errorf("%s is live", live)
	}
	t.observe("exit 129 and undone; under nohup promoted")
	s.holds()
}

func brokenPipe(t *trial) {
	s := t.newShop(stand.Options{})
	cmd := exec.CommandContext(t.context, "bash", "-c", `"$0" deploy 2>&1 | head -1; exit "${PIPESTATUS[0]}"`, t.bluegate)
	cmd.Dir, cmd.Env = s.Dir, append(cmd.Environ(), s.env("v2")...)
	out, err := cmd.CombinedOutput()
	s.hear(string(out))
	if err != nil {
		t.errorf("deploy | head -1: %v\n%s", err, out)
	}
	if live := s.stands(); live != model.Green {
		t.errorf("%s is live", live)
	}
	t.observe("promoted, exit 0")
	s.holds()
}
