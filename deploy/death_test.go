package deploy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Every way of a deployment is cut at every call, in every manner, and settled afterwards. Whatever happens: no colour
// is stopped that nginx names, nginx never serves what did not pass the gate, the exit code tells the truth, and the next
// command reaches a clean state.

// ways are the deployments that are cut.
var ways = []struct {
	name string
	set  func(*world, *Settings)
	exit int // when nothing is cut
}{
	{"promoted", func(*world, *Settings) {}, 0},
	{"promoted, the old colour removed", func(_ *world, s *Settings) { s.Keep = KeepRemoved }, 0},
	{"first, nginx stopped", func(w *world, _ *Settings) { w.first(RouterStopped) }, 0},
	{"first, nginx runs", func(w *world, _ *Settings) { w.first(RouterRunning) }, 0},
	{"first, nginx absent", func(w *world, _ *Settings) { w.first(RouterAbsent) }, 0},
	{"refused by the gate", func(w *world, _ *Settings) { w.lives["was-green"] = exitsAfter(time.Second, 3) }, 3},
	{"refused by the rehearsal", func(w *world, _ *Settings) { w.nginx.rejects = "unexpected }" }, 3},
	{"not reachable", func(w *world, _ *Settings) { w.nginx.deadPort = true }, 3},
	{"the reload is not applied", func(w *world, _ *Settings) { w.nginx.deaf = true }, 3},
	{"the switch is taken back", func(w *world, _ *Settings) { w.nginx.stray = true }, 4},
	{"the switch cannot be taken back", func(w *world, _ *Settings) { w.nginx.stray, w.nginx.stuck = true, true }, 5},
	{"the drain outlasts its limit", func(w *world, s *Settings) { w.nginx.hold, s.DrainTimeout = time.Minute, 5*time.Second }, 5},
	{"after a run killed in its gate", func(w *world, _ *Settings) { w.killed(fault{kind: killedAfter, on: "start was-green"}) }, 0},
	{"after a run killed in its switch", func(w *world, _ *Settings) { w.killed(fault{kind: killedAfter, on: "write green"}) }, 0},
}

// first makes it a world in which no container of either colour runs and nginx names blue.
func (w *world) first(state RouterState) {
	w.stopAll()
	w.nginx.state, w.spared = state, Blue
	if state != RouterRunning {
		w.nginx.loaded = ""
	}
}

// killed leaves in the world what a killed run leaves.
func (w *world) killed(f fault) {
	p := w.process()
	p.fault = f
	if p.deploy() != nil {
		panic("the fault did not strike")
	}
	w.lines = nil
}

// cut runs one way with a fault at each of its calls in turn, and then what the test does with the outcome.
func cut(t *testing.T, f fault, then func(*testing.T, *world, *Report)) {
	for _, way := range ways {
		t.Run(fmt.Sprintf("%s/%s", f.kind, way.name), func(t *testing.T) {
			for at, more := 1, true; more; at++ {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld()
					p := w.process()
					way.set(w, &p.settings)
					p.fault = f
					p.fault.at = at
					r := p.deploy()
					if more = p.calls >= at; more {
						w.lines = append(w.lines, fmt.Sprintf("--- the run, %s %d, has ended", f.kind, at))
						then(t, w, r)
						w.check(t)
					}
				})
			}
		})
	}
}

// check fails the test if a rule was broken, and says what was done if it has failed.
func (w *world) check(t *testing.T) {
	t.Helper()
	for _, b := range w.broken {
		t.Errorf("a rule was broken: %s", b)
	}
	if t.Failed() {
		t.Fatalf("what was done:\n%s", strings.Join(w.lines, "\n"))
	}
}

// told compares what a run said with what is true.
func (w *world) told(t *testing.T, r *Report) {
	t.Helper()
	live, promoted := w.live(), w.live() == r.To
	fails := func(format string, args ...any) {
		t.Helper()
		t.Errorf("exit %d (%s: %s): %s", r.ExitCode, r.Outcome, r.Message, fmt.Sprintf(format, args...))
	}
	if r.Live != None && r.Live != live {
		fails("the report says that %s is live, and nginx serves %q", r.Live, live)
	}
	switch r.ExitCode {
	case 0:
		if !promoted && w.nginx.state != RouterAbsent {
			fails("nginx serves %q", live)
		}
	case 5:
		if r.Run == "" {
			fails("it does not say what to run")
		}
		return
	case 128 + sigterm.Signal:
		if promoted && r.From != None {
			if r.Run != "bluegate settle" {
				fails("the old colour was left, and it does not say what to run")
			}
			return
		}
		fallthrough
	default: // undone
		if r.From != None && live != r.From {
			fails("nginx serves %q, and not %s as before", live, r.From)
		}
		for _, b := range w.boxes {
			if b.Release == r.Release {
				fails("%s of the release is still there", b.Name)
			}
		}
	}
}

// settled runs settle as the next command, once nginx is mended, and looks whether all is clean.
func (w *world) settled(t *testing.T) {
	t.Helper()
	w.nginx.mend()
	time.Sleep(time.Minute)
	r := w.process().settle()
	if r.ExitCode != 0 || r.Outcome != Settled {
		t.Errorf("settle: %s (%d): %s", r.Outcome, r.ExitCode, r.Message)
	}
	if left := w.unclean(); len(left) > 0 {
		t.Errorf("after settle:\n%s", strings.Join(left, "\n"))
	}
}

func TestUncut(t *testing.T) {
	for _, way := range ways {
		story(t, way.name, func(t *testing.T, w *world) {
			p := w.process()
			way.set(w, &p.settings)
			r := p.deploy()
			if r.ExitCode != way.exit {
				t.Errorf("exit %d (%s: %s), want %d", r.ExitCode, r.Outcome, r.Message, way.exit)
			}
			w.told(t, r)
			if left := w.unclean(); way.exit != 5 && len(left) > 0 {
				t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
			}
			w.settled(t)
		})
	}
}

func TestInterruptedAtEveryCall(t *testing.T) {
	for _, kind := range []faultKind{signalBefore, signalAfter, signalInside} {
		cut(t, fault{kind: kind}, func(t *testing.T, w *world, r *Report) {
			if !slices.Contains([]int{0, 143, 3, 5}, r.ExitCode) {
				t.Errorf("exit %d: %s", r.ExitCode, r.Message)
			}
			w.told(t, r)
			w.settled(t)
		})
	}
}

func TestKilledAtEveryCall(t *testing.T) {
	for _, kind := range []faultKind{killedBefore, killedAfter} {
		cut(t, fault{kind: kind}, func(t *testing.T, w *world, r *Report) {
			if r != nil {
				t.Fatalf("a killed run reported %s", r.Outcome)
			}
			w.settled(t)
		})
		cut(t, fault{kind: kind}, func(t *testing.T, w *world, _ *Report) {
			w.nginx.mend()
			clear(w.lives)
			r := w.process().deploy()
			if r.ExitCode != 0 && w.nginx.state != RouterAbsent {
				t.Errorf("the next deployment: %s (%d): %s", r.Outcome, r.ExitCode, r.Message)
			}
			w.told(t, r)
			if left := w.unclean(); len(left) > 0 {
				t.Errorf("after the next deployment:\n%s", strings.Join(left, "\n"))
			}
		})
	}
}

func TestEveryCallFailsOnce(t *testing.T) {
	for _, err := range []error{errors.New("disk full"), &UnreachableError{What: "the engine", Err: errors.New("EOF")}} {
		for _, kind := range []faultKind{failsBefore, failsInAnswer} {
			cut(t, fault{kind: kind, err: err, asks: true}, func(t *testing.T, w *world, r *Report) {
				w.told(t, r)
				w.settled(t)
			})
		}
	}
}
