package deploy

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// process is one bluegate at work on the fake engine: it implements the ports, each in a file of its own. At one of its
// calls a fault may be injected.
type process struct {
	*fakeEngine
	settings Settings
	fault    fault
	calls    int  // of the kind that the fault counts
	dead     bool // it has ended
	absent   bool // from what a report can speak of: it was killed, or is someone else
	cancel   context.CancelCauseFunc
	onLine   func(string)
	logFails error
	busy     atomic.Int32 // Up is under way
	struck   []string     // the lines of the calls at which a fault came
	helped   bool         // the helper of this process runs
	route    model.Route  // that the last look at nginx found
	leases   sync.Map
	said     []string
	asked    []askedOf
	remote   bool
	nodes    model.Nodes // nil: there is one machine
	ran      []hookRun
	runs     func(context.Context, []string) ([]byte, int, error) // of hooks; nil: exit code 0
	shown    []shown
	about    model.Overview // the last
}

// shown is what Progress.Gate was told, and when.
type shown struct {
	at   time.Time
	next time.Time
	good int
}

// fault is what happens at the nth call, counted from 1, or at the first that is written down as a line.
type fault struct {
	kind faultKind
	at   int
	on   string
	err  error  // of failing calls
	asks bool   // calls that only ask count, too
	next *fault // one that comes after it
}

type faultKind string

const (
	killedBefore  faultKind = "killed before"
	killedAfter   faultKind = "killed after"
	signalBefore  faultKind = "signal before"
	signalAfter   faultKind = "signal after"
	signalInside  faultKind = "signal inside" // the call took effect, and says that it was cancelled
	failsBefore   faultKind = "fails"         // without effect
	failsInAnswer faultKind = "fails late"    // after it took effect
	counted       faultKind = "counted"       // no fault
)

var sigterm = &InterruptedError{Signal: 15, Name: "SIGTERM"}

func (w *fakeEngine) process() *process {
	s := DefaultSettings()
	s.Stable = w.stable
	return &process{fakeEngine: w, settings: s}
}

func (p *process) deployer() *Deployer {
	return &Deployer{Requests: p.requests, Stack: p, Images: p, Archive: p, Names: p, Nodes: p.nodes, Router: p, Store: p, History: p, Progress: p, Checks: p, Hooks: p, Remote: p.remote, Settings: p.settings, Self: func(command, release string) model.Holder {
		return model.Holder{Command: command, Release: release, User: "kim", Host: "runner-7", PID: 4711, Since: time.Now()}
	}}
}

// do runs one command to its end, and ends the process. The report is nil if the process was killed.
func (p *process) do(command func(*Deployer, context.Context) *report.Report) (report *report.Report) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	p.cancel = cancel
	p.couldRestart = len(p.unresolved()) == 0
	done := make(chan struct{})
	go func() { // a killed process ends with runtime.Goexit
		defer close(done)
		report = command(p.deployer(), ctx)
	}()
	<-done
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead = true; report != nil && p.busy.Load() > 0 {
		p.breaks("the run ended while the release was still being brought up")
	}
	return report
}

func (p *process) deploy() *report.Report { return p.do((*Deployer).Run) }
func (p *process) settle() *report.Report { return p.do((*Deployer).Settle) }

func (p *process) promote() *report.Report  { return p.do((*Deployer).Promote) }
func (p *process) abort() *report.Report    { return p.do((*Deployer).Abort) }
func (p *process) rollback() *report.Report { return p.do((*Deployer).Rollback) }

// kill is SIGKILL from outside.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
}

// endIfDead ends the goroutine of a dead process; the engine's mutex is held.
func (p *process) endIfDead() {
	if p.dead {
		runtime.Goexit()
	}
}

// change is the one way in which a process changes the engine. It is written down.
func (p *process) change(ctx context.Context, line string, effect func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.call(ctx, line, func() {
		p.lines = append(p.lines, line)
		effect()
		if p.onLine != nil {
			p.onLine(line)
		}
	})
}

// ask is a call that changes nothing.
func (p *process) ask(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.call(ctx, "", func() {})
}

// strikes says whether the fault comes at this call.
func (p *process) strikes(line string) bool {
	if line == "" && !p.fault.asks || p.fault.kind == "" {
		return false
	}
	p.calls++
	if p.fault.on != "" && p.fault.on == line {
		p.fault.on, p.struck = "", append(p.struck, line)
		return true
	}
	if p.calls != p.fault.at {
		return false
	}
	p.struck = append(p.struck, line)
	return true
}

func (p *process) call(ctx context.Context, line string, effect func()) error {
	p.endIfDead()
	if err := ctx.Err(); err != nil { // it is not made
		return err
	}
	p.nginx.others()
	var f fault
	if p.strikes(line) {
		if f = p.fault; f.next != nil {
			p.fault = *f.next
		}
	}
	switch f.kind {
	case killedBefore:
		p.dead, p.absent = true, true
		runtime.Goexit()
	case signalBefore:
		p.cancel(sigterm)
	case failsBefore:
		return f.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.isSilent() {
		return &model.UnreachableError{What: "the engine", Err: errors.New("i/o timeout")}
	}
	effect()
	switch f.kind {
	case killedAfter:
		p.dead, p.absent = true, true
		runtime.Goexit()
	case signalAfter:
		p.cancel(sigterm)
	case signalInside:
		p.cancel(sigterm)
		return ctx.Err()
	case failsInAnswer:
		return f.err
	}
	return nil
}

func (w *fakeEngine) isSilent() bool {
	now := time.Now()
	return !now.Before(w.silent[0]) && now.Before(w.silent[1])
}

// pause lets time pass; it is cut short by the context.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// About implements Progress.
func (p *process) About(o model.Overview) { p.showing(func() { p.about = o }) }

// Step implements Progress.
func (p *process) Step(string) { p.showing(func() {}) }

// Transfer implements Progress.
func (p *process) Transfer(model.Transfer) { p.showing(func() {}) }

// Draining implements Progress.
func (p *process) Draining(left model.DrainStatus, _ time.Time) {
	p.showing(func() { p.said = append(p.said, "draining "+left.String()) })
}

// Say implements Progress.
func (p *process) Say(format string, args ...any) {
	p.showing(func() { p.said = append(p.said, sprintf(format, args...)) })
}

// Gate implements Progress.
func (p *process) Gate(v gate.Verdict) {
	p.showing(func() {
		s := shown{at: time.Now(), next: v.Next}
		for _, g := range v.Progress {
			if g.Good {
				s.good++
			}
		}
		p.shown = append(p.shown, s)
	})
}

func (p *process) showing(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endIfDead()
	do()
}

// story runs a test on an engine of its own, with a clock of its own.
func story(t *testing.T, name string, test func(*testing.T, *fakeEngine)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newFakeEngine()
			test(t, w)
			w.check(t)
		})
	})
}
