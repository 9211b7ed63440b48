package deploy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/judge"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/sample"
)

// Every way of a deployment is cut at every call, in every manner, and settled afterwards. Whatever happens: no colour
// is stopped that nginx names, nginx never serves what did not pass the gate, the exit code tells the truth, and the next
// command reaches a clean state.

type way struct {
	name string
	set  func(*fakeEngine, *Settings)
	exit int                           // when nothing is cut
	back bool                          // it is a rollback
	does func(*process) *report.Report // nil: a deployment, or a rollback
}

func (w way) run(p *process) *report.Report {
	switch {
	case w.does != nil:
		return w.does(p)
	case w.back:
		return p.rollback()
	}
	return p.deploy()
}

// ways are the deployments that are cut.
var ways = []way{
	{name: "promoted", set: func(*fakeEngine, *Settings) {}, exit: 0},
	{name: "promoted, the old colour removed", set: func(_ *fakeEngine, s *Settings) { s.Keep = model.KeepRemoved }, exit: 0},
	{name: "first, nginx stopped", set: func(w *fakeEngine, _ *Settings) { w.first(model.RouterStopped) }, exit: 0},
	{name: "first, nginx runs", set: func(w *fakeEngine, _ *Settings) { w.first(model.RouterRunning) }, exit: 0},
	{name: "first, nginx absent", set: func(w *fakeEngine, _ *Settings) { w.first(model.RouterAbsent) }, exit: 0},
	{name: "refused by the gate", set: func(w *fakeEngine, _ *Settings) { w.lives["was-green"] = exitsAfter(time.Second, 3) }, exit: 3},
	{name: "refused by the rehearsal", set: func(w *fakeEngine, _ *Settings) { w.nginx.rejects = "unexpected }" }, exit: 3},
	{name: "not reachable", set: func(w *fakeEngine, _ *Settings) { w.nginx.deadPort = true }, exit: 3},
	{name: "the reload is not applied", set: func(w *fakeEngine, _ *Settings) { w.nginx.deaf = true }, exit: 3},
	{name: "the switch is taken back", set: func(w *fakeEngine, _ *Settings) { w.nginx.stray = true }, exit: 4},
	{name: "the switch cannot be taken back", set: func(w *fakeEngine, _ *Settings) { w.nginx.stray, w.nginx.stuck = true, true }, exit: 5},
	{name: "the drain outlasts its limit", set: func(w *fakeEngine, s *Settings) { w.nginx.hold, s.DrainTimeout = time.Minute, 5*time.Second }, exit: 5},
	{name: "promoted after a bake", set: func(_ *fakeEngine, s *Settings) { s.Bake.For = 4 * time.Second }, exit: 0},
	{name: "rolled back in the bake", set: func(w *fakeEngine, s *Settings) {
		w.lives["was-green"] = append(healthyAfter(2*time.Second), unhealthyAfter(10*time.Second, "503")...)
		s.Bake.For = 10 * time.Second
	}, exit: 4},
	{name: "rolled back in the bake, over what another project has switched in the same file", set: func(w *fakeEngine, s *Settings) {
		w.lives["was-green"] = append(healthyAfter(2*time.Second), unhealthyAfter(16*time.Second, "503")...)
		s.Bake.For = 20 * time.Second
		w.nginx.othersAt = time.Now().Add(12 * time.Second)
	}, exit: 4},
	{name: "promoted after a canary", set: func(w *fakeEngine, _ *Settings) { w.nginx.canary = fakeCanary }, exit: 0},
	{name: "rolled back in a canary", set: func(w *fakeEngine, _ *Settings) {
		w.lives["was-green"] = append(healthyAfter(2*time.Second), unhealthyAfter(12*time.Second, "503")...)
		w.nginx.canary = fakeCanary
	}, exit: 4},
	{name: "promoted after a bake that waited for requests", set: func(w *fakeEngine, s *Settings) {
		limits := judge.DefaultLimits()
		s.Judge, s.Bake.For, w.nginx.logs = &limits, 8*time.Second, true
		w.requests = &source{green: 4, key: func(i int) string { return fmt.Sprint(i) }}
	}, exit: 0},
	{name: "after a run killed in its canary", set: func(w *fakeEngine, _ *Settings) {
		w.nginx.canary = fakeCanary
		w.killed(fault{kind: killedAfter, on: "write canary"})
		w.nginx.canary = nil
	}, exit: 0},
	{name: "after a run killed in its bake", set: func(w *fakeEngine, s *Settings) {
		p := w.process()
		p.settings.Bake.For = time.Minute
		p.fault = fault{kind: killedAfter, on: "journal baking"}
		p.deploy()
		time.Sleep(time.Second)
		w.lines = nil
	}, exit: 0},
	{name: "after a run killed in its gate", set: func(w *fakeEngine, _ *Settings) { w.killed(fault{kind: killedAfter, on: "start was-green"}) }, exit: 0},
	{name: "after a run killed in its switch", set: func(w *fakeEngine, _ *Settings) { w.killed(fault{kind: killedAfter, on: "write green"}) }, exit: 0},
}

var fakeCanary = []model.CanaryStep{{Weight: 5, For: 4 * time.Second}, {Weight: 25, For: 4 * time.Second}}

// first makes it an engine on which no container of either colour runs and nginx names blue.
func (w *fakeEngine) first(state model.RouterState) {
	w.stopAll()
	w.nginx.state, w.spared = state, model.Blue
	if state != model.RouterRunning {
		w.nginx.loaded = ""
	}
}

// killed leaves on the engine what a killed run leaves.
func (w *fakeEngine) killed(f fault) {
	p := w.process()
	p.fault = f
	if p.deploy() != nil {
		panic("the fault did not strike")
	}
	time.Sleep(time.Second) // the next release has another second in its id
	w.lines = nil
}

// cut runs one way with a fault at each of its calls in turn, and then what the test does with the outcome.
func cut(t *testing.T, f fault, then func(*testing.T, *fakeEngine, *report.Report)) {
	cutWays(t, slices.Concat(ways, waysBack), f, then)
}

func cutWays(t *testing.T, ways []way, f fault, then func(*testing.T, *fakeEngine, *report.Report)) {
	for _, way := range ways {
		t.Run(fmt.Sprintf("%s/%s", f.kind, way.name), func(t *testing.T) {
			at, step := sample.Steps(t, 5)
			for more := true; more; at += step {
				synctest.Test(t, func(t *testing.T) {
					w := newFakeEngine()
					p := w.process()
					way.set(w, &p.settings)
					p.fault = f
					p.fault.at = at
					r := way.run(p)
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
func (w *fakeEngine) check(t *testing.T) {
	t.Helper()
	for _, b := range w.broken {
		t.Errorf("a rule was broken: %s", b)
	}
	if t.Failed() {
		t.Fatalf("what was done:\n%s", strings.Join(w.lines, "\n"))
	}
}

// told compares what a run said with what is true.
func (w *fakeEngine) told(t *testing.T, r *report.Report) {
	t.Helper()
	if r.ExitCode == 0 || r.ExitCode != 5 && w.couldRestart { // 5 may be the failure to hold a name
		w.restartable()
	}
	live, promoted := w.live(), w.live() == r.To && r.To != r.From
	fails := func(format string, args ...any) {
		t.Helper()
		t.Errorf("exit %d (%s: %s): %s", r.ExitCode, r.Outcome, r.Message, fmt.Sprintf(format, args...))
	}
	if r.Live != model.None && r.Live != live {
		fails("the report says that %s is live, and nginx serves %q", r.Live, live)
	}
	for name, holder := range w.locks {
		if !holder.absent && !slices.ContainsFunc(holder.struck, func(line string) bool { return strings.HasSuffix(line, name) }) { // the call that was cut
			fails("the lock %s was not given back", name)
		}
	}
	if w.book().Current.Waits() {
		w.toldWaiting(t, r)
		return
	}
	switch r.ExitCode {
	case 0:
		if r.Command == "abort" {
			break
		}
		if !promoted && w.nginx.state != model.RouterAbsent {
			fails("nginx serves %q", live)
		}
		if r.From != model.None && len(w.running(r.From)) > 0 {
			fails("of %s still runs %q", r.From, w.running(r.From))
		}
		if j := w.book(); j.Current != nil {
			fails("the journal is open: %s", j.Current.Phase)
		}
	case 5:
		if r.Run == "" {
			fails("it does not say what to run")
		}
		return
	case 128 + sigterm.Signal:
		if promoted && r.From != model.None {
			if r.Run != "bluegate settle" {
				fails("the old colour was left, and it does not say what to run")
			}
			return
		}
		fallthrough
	default: // undone
		if r.From != model.None && live != r.From {
			fails("nginx serves %q, and not %s as before", live, r.From)
		}
		for _, b := range w.boxes {
			if b.Release == r.Release && (r.Command != "rollback" || b.runs() && !w.beside && w.book().Current == nil) {
				fails("%s of the release is still there", b.Name)
			}
		}
		if r.From != model.None && len(w.running(r.From)) != 2 {
			fails("of %s, which was live, runs only %q", r.From, w.running(r.From))
		}
	}
}

// settled runs settle as the next command, once nginx is mended, and looks whether all is clean.
func (w *fakeEngine) settled(t *testing.T) {
	t.Helper()
	w.nginx.mend()
	time.Sleep(time.Minute)
	w.leavesWaiting(t)
	r := w.process().settle()
	w.restartable()
	if r.ExitCode != 0 || r.Outcome != model.Settled {
		t.Errorf("settle: %s (%d): %s", r.Outcome, r.ExitCode, r.Message)
	}
	if left := w.unclean(); len(left) > 0 {
		t.Errorf("after settle:\n%s", strings.Join(left, "\n"))
	}
}

func TestUncut(t *testing.T) {
	for _, way := range slices.Concat(ways, waysBack) {
		story(t, way.name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			way.set(w, &p.settings)
			r := way.run(p)
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
		cut(t, fault{kind: kind}, func(t *testing.T, w *fakeEngine, r *report.Report) {
			if !slices.Contains([]int{0, 143, 3, 4, 5}, r.ExitCode) {
				t.Errorf("exit %d: %s", r.ExitCode, r.Message)
			}
			w.told(t, r)
			w.settled(t)
		})
	}
}

func TestKilledAtEveryCall(t *testing.T) {
	for _, kind := range []faultKind{killedBefore, killedAfter} {
		cut(t, fault{kind: kind}, func(t *testing.T, w *fakeEngine, r *report.Report) {
			if r != nil {
				t.Fatalf("a killed run reported %s", r.Outcome)
			}
			w.settled(t)
		})
		cut(t, fault{kind: kind}, func(t *testing.T, w *fakeEngine, _ *report.Report) {
			w.nginx.mend()
			clear(w.lives)
			time.Sleep(time.Second) // the next release has another second in its id
			r := w.process().deploy()
			if r.ExitCode != 0 && w.nginx.state != model.RouterAbsent {
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
	for _, err := range []error{errors.New("disk full"), &model.UnreachableError{What: "the engine", Err: errors.New("EOF")}} {
		for _, kind := range []faultKind{failsBefore, failsInAnswer} {
			cut(t, fault{kind: kind, err: err, asks: true}, func(t *testing.T, w *fakeEngine, r *report.Report) {
				w.told(t, r)
				w.settled(t)
			})
		}
	}
}

// TestCutAtEveryMoment: most of a deployment is waiting, which no call ends.
func TestCutAtEveryMoment(t *testing.T) {
	const step = 330 * time.Millisecond
	for _, way := range slices.Concat(ways, waysBack) {
		for _, manner := range []string{"killed", "signal"} {
			t.Run(manner+"/"+way.name, func(t *testing.T) {
				first, every := sample.Steps(t, 5)
				for after, more := time.Duration(first)*step, true; more; after += time.Duration(every) * step {
					synctest.Test(t, func(t *testing.T) {
						w := newFakeEngine()
						p := w.process()
						way.set(w, &p.settings)
						began := time.Now()
						timer := time.AfterFunc(after, func() {
							if manner == "killed" {
								p.kill()
							} else {
								p.cancel(sigterm)
							}
						})
						r := way.run(p)
						more = !timer.Stop() && after < 30*time.Second
						w.lines = append(w.lines, fmt.Sprintf("--- the run, %s after %s, has ended", manner, after))
						if r != nil {
							w.told(t, r)
							if took := time.Since(began) - after; took > time.Second+w.undoing(r) {
								t.Errorf("it took %s to end", took)
							}
						}
						w.settled(t)
						w.check(t)
					})
				}
			})
		}
	}
}

// undoing is how long the undoing of a run that was interrupted may take: old workers may have to end.
func (w *fakeEngine) undoing(r *report.Report) time.Duration {
	if r.Undo == nil {
		return 0
	}
	return w.nginx.hold + 2*time.Second
}

// TestCutAgain: what settles or undoes a run that was cut may be cut itself.
func TestCutAgain(t *testing.T) {
	for _, name := range []string{"promoted", "first, nginx stopped", "the switch is taken back", "rolled back", "rolled back to what is gone"} {
		all := slices.Concat(ways, waysBack)
		way := all[slices.IndexFunc(all, func(w way) bool { return w.name == name })]
		t.Run("signal, and the undoing fails/"+name, func(t *testing.T) {
			again(t, way, func(t *testing.T, w *fakeEngine, p *process, first, second int) (both bool) {
				p.fault = fault{kind: signalInside, at: first, next: &fault{kind: failsBefore, at: first + second, err: errors.New("disk full")}}
				w.told(t, way.run(p))
				return p.calls >= first+second
			})
		})
		t.Run("killed, and settle is killed/"+name, func(t *testing.T) {
			again(t, way, func(t *testing.T, w *fakeEngine, p *process, first, second int) (both bool) {
				p.fault = fault{kind: killedAfter, at: first}
				way.run(p)
				w.lines = append(w.lines, "---")
				w.nginx.mend()
				settling := w.process()
				settling.fault = fault{kind: killedBefore, at: second}
				settling.settle()
				return p.calls >= first && settling.calls >= second
			})
		})
	}
}

// again cuts a way at every call, and what follows at every other one.
func again(t *testing.T, way way, twice func(_ *testing.T, _ *fakeEngine, _ *process, first, second int) bool) {
	calls := 0
	synctest.Test(t, func(*testing.T) {
		p := newFakeEngine().process()
		way.set(p.fakeEngine, &p.settings)
		p.fault.kind = counted
		way.run(p)
		calls = p.calls
	})
	first, step := sample.Steps(t, 5)
	for ; first <= calls; first += step {
		for second, both := 1, true; both; second += 2 {
			synctest.Test(t, func(t *testing.T) {
				w := newFakeEngine()
				p := w.process()
				way.set(w, &p.settings)
				both = twice(t, w, p, first, second)
				w.lines = append(w.lines, fmt.Sprintf("--- %d, then %d", first, second))
				w.settled(t)
				w.check(t)
			})
		}
	}
}
