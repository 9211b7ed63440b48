// Package await waits until the containers of a release are good, or have failed. It tells package gate what the engine
// reports, and asks it to decide.
package await

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/redact"
)

// Release is what is awaited.
type Release struct {
	Expected []gate.Expected
	Stable   time.Duration // for how long they have to be good without interruption
	Budget   time.Duration // within which they have to become good
	Watch    func(context.Context) <-chan model.ContainerEvent
	List     func(context.Context) ([]model.Container, error)
	// Stale says that a sample is of an earlier run of a container that is about to be started again.
	Stale    func(gate.Sample) bool
	Progress model.Progress
}

// Loop runs the gate. Compose starts the containers, the engine reports them, and what else is asked answers in
// goroutines of their own; one goroutine, that of Decide, receives what they send, and decides.
type Loop struct {
	release   Release
	ctx       context.Context
	cancel    context.CancelFunc
	gate      *gate.Gate
	deadline  time.Time
	seen      <-chan model.ContainerEvent
	up        chan error
	started   chan struct{}     // closed when the containers were started: their names are known
	tested    chan func() error // of Test
	asked     chan error        // of Ask
	work      sync.WaitGroup
	upDone    time.Time
	next      time.Time // when the gate is to be asked again
	confirmed time.Time // the next for which every container was asked for
	passed    bool      // what Test tests has passed
	trouble   error
	ask       func()
	again     func(context.Context, error) error
	healthy   map[string]bool
	healthyAt time.Time // when the last container became healthy
}

// New watches the containers of a release, which run already unless Start is called. The caller must call End.
func New(ctx context.Context, r Release) *Loop {
	ctx, cancel := context.WithCancel(ctx)
	l := &Loop{
		release: r, ctx: ctx, cancel: cancel, deadline: time.Now().Add(r.Budget), upDone: time.Now(),
		up: make(chan error, 1), started: make(chan struct{}), tested: make(chan func() error, 1), asked: make(chan error, 1), healthy: map[string]bool{},
	}
	close(l.started)
	l.gate = gate.New(r.Expected, r.Stable, l.deadline)
	l.seen = r.Watch(ctx)
	return l
}

// Start starts the containers. The gate does not open before start has returned. It is called before anything else, or never.
func (l *Loop) Start(start func(context.Context) error) {
	l.upDone, l.started = time.Time{}, make(chan struct{})
	l.work.Go(func() { l.up <- start(l.ctx) })
}

// Test tests something next to the gate, and refuses at once if it fails. started is closed when the containers were
// started. What test returns is called on Decide's goroutine, or on Tested's.
func (l *Loop) Test(test func(ctx context.Context, started <-chan struct{}) func() error) {
	l.work.Go(func() { l.tested <- test(l.ctx, l.started) })
}

// Ask asks something besides health, which ends with an error. If again, which is called on Decide's goroutine, returns
// nil for that error, it is asked again after a pause. Otherwise the error of again ends Decide.
func (l *Loop) Ask(pause time.Duration, ask func(context.Context) error, again func(context.Context, error) error) {
	l.ask = func() { l.asked <- ask(l.ctx) }
	l.again = func(ctx context.Context, err error) error {
		if err := again(ctx, err); err != nil {
			return err
		}
		l.work.Go(func() {
			_ = model.Sleep(l.ctx, pause)
			l.ask()
		})
		return nil
	}
	l.work.Go(l.ask)
}

// End stops the watcher, and waits for all that was begun: nothing may be created while a release is abandoned.
func (l *Loop) End() {
	l.cancel()
	for range l.seen { // closed once the watcher has ended
	}
	l.work.Wait()
}

// Up is when the containers had been started; zero: they were not yet.
func (l *Loop) Up() time.Time { return l.upDone }

// Healthy is when the last container became healthy.
func (l *Loop) Healthy() time.Time { return l.healthyAt }

var errUnwatched = errors.New("the release's containers are not watched any more")

// Decide returns nil when the gate has opened, and the refusal when it has not.
func (l *Loop) Decide() error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := l.receive(timer.C); err != nil {
			return err
		}
		if err := l.refreshIfDue(); err != nil {
			return err
		}
		if l.trouble != nil { // silence would be taken for no change
			timer.Reset(troublePause)
			continue
		}
		v := l.gate.Verdict(time.Now())
		l.release.Progress.Gate(v)
		l.next = v.Next
		switch v.Decision {
		case gate.Open:
			return l.opened()
		case gate.Refused:
			return plan.Refusal(v)
		}
		timer.Reset(max(time.Until(l.wake(v)), 0))
	}
}

// receive takes the next thing that happens.
func (l *Loop) receive(due <-chan time.Time) error {
	select {
	case <-l.ctx.Done():
		return context.Cause(l.ctx)
	case seen, open := <-l.seen:
		if !open {
			return cmp.Or(context.Cause(l.ctx), errUnwatched)
		}
		l.observe(seen)
		l.observeMore()
	case err := <-l.up:
		return l.isUp(err)
	case result := <-l.tested:
		if err := result(); err != nil {
			return err // no need to wait for health
		}
		l.passed = true
	case err := <-l.asked:
		return l.again(l.ctx, err)
	case <-due:
	}
	return nil
}

// observeMore takes what was reported at the same time: one verdict is enough for it.
func (l *Loop) observeMore() {
	for n := len(l.seen); n > 0; n-- { // nobody else receives
		if seen, open := <-l.seen; open {
			l.observe(seen)
		}
	}
}

// observe tells the gate what the engine reported.
func (l *Loop) observe(seen model.ContainerEvent) {
	switch {
	case seen.Trouble != nil:
		if l.trouble == nil {
			l.release.Progress.Say("the engine does not answer, asking again: %v", seen.Trouble)
		}
		l.trouble = seen.Trouble
	case seen.Gone != "":
		l.gate.Vanish(seen.Gone, time.Now())
	case l.release.Stale(seen.Sample):
	default:
		for _, id := range seen.Sample.Instead {
			delete(l.healthy, id)
		}
		l.gate.Observe(seen.Sample)
		l.clock(seen.Sample)
	}
}

// wake is when the gate is asked again if nothing happens.
func (l *Loop) wake(v gate.Verdict) time.Time {
	if v.Next.Equal(l.confirmed) {
		return v.Next
	}
	return v.Next.Add(-l.askingTakes())
}

// clock notes when the last container became healthy. The report counts the time to the switch from there.
func (l *Loop) clock(s gate.Sample) {
	healthy := s.Health == gate.HealthHealthy && s.State == gate.StateRunning
	if healthy && !l.healthy[s.ID] && s.LastProbe != nil && s.LastProbe.End.After(l.healthyAt) {
		l.healthyAt = s.LastProbe.End
	}
	l.healthy[s.ID] = healthy
}

// troublePause is the pause before an engine that does not answer is asked again.
const troublePause = 500 * time.Millisecond

// askingTakes is how long an engine that is not busy takes to list the containers. They are listed that much before the
// gate opens, so that the answer is there when it opens.
func (l *Loop) askingTakes() time.Duration {
	return min(5*time.Millisecond+time.Duration(len(l.healthy))*time.Millisecond, 500*time.Millisecond)
}

// refreshIfDue lists the containers when the gate is about to decide, and after the engine did not answer: the gate
// opens on what is true now, and not on the last event.
func (l *Loop) refreshIfDue() error {
	near := !l.next.IsZero() && !l.next.Equal(l.confirmed) && !time.Now().Before(l.next.Add(-l.askingTakes()))
	if l.trouble == nil && !near {
		return nil
	}
	if near {
		l.confirmed = l.next
	}
	if err := l.refresh(); err != nil {
		if time.Now().After(l.deadline) {
			return fmt.Errorf("the engine could not be asked when the gate had to decide: %w", err)
		}
		l.observe(model.ContainerEvent{Trouble: err})
	}
	return nil
}

// refresh lists the release's containers, and tells the gate of each and of those that are gone.
func (l *Loop) refresh() error {
	containers, err := l.release.List(l.ctx)
	if err != nil {
		return err
	}
	l.trouble = nil
	known := maps.Clone(l.healthy)
	gone := l.missing(known, containers)
	if len(gone) > 0 { // an engine under load may leave out what is there
		if err := model.Sleep(l.ctx, troublePause); err != nil {
			return err
		}
		if containers, err = l.release.List(l.ctx); err != nil {
			return err
		}
		gone = l.missing(gone, containers)
	}
	for id := range gone { // removed without an event
		l.observe(model.ContainerEvent{Gone: id})
	}
	return nil
}

// missing observes the containers that are there, and returns the known ones that are not.
func (l *Loop) missing(known map[string]bool, containers []model.Container) map[string]bool {
	for _, c := range containers {
		delete(known, c.ID)
		for _, id := range c.Sample.Instead {
			delete(known, id)
		}
		l.observe(model.ContainerEvent{Sample: c.Sample})
	}
	return known
}

// opened waits for Start's function to return. The gate has seen every container running, so it is about to.
func (l *Loop) opened() error {
	if !l.upDone.IsZero() {
		return nil
	}
	select {
	case err := <-l.up:
		return l.isUp(err)
	case <-time.After(upGrace):
		return model.Refuse(model.CreateFailed, "every container is healthy, but Compose did not finish starting them within %s more", upGrace)
	case <-l.ctx.Done():
		return context.Cause(l.ctx)
	}
}

// isUp takes the result of Start's function.
func (l *Loop) isUp(err error) error {
	l.upDone = time.Now()
	if err != nil {
		return l.upFailed(err)
	}
	close(l.started)
	return nil
}

// upGrace is how long Start's function may take to return after the gate has opened.
const upGrace = 30 * time.Second

// upFailed prefers the gate's reasons to Compose's error: "dependency failed to start" hides why.
func (l *Loop) upFailed(err error) error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	if again := l.refresh(); again == nil {
		if v := l.gate.Verdict(time.Now()); v.Decision == gate.Refused {
			return plan.Refusal(v)
		}
	}
	if model.Is[*model.UnreachableError](err) {
		return err
	}
	return &model.RefusedError{Reasons: []model.Reason{{Code: model.CreateFailed, Message: redact.Sanitize(err.Error())}}}
}

// Tested waits for what Test tests, and returns its error.
func (l *Loop) Tested() error {
	if l.passed {
		return nil
	}
	select {
	case result := <-l.tested:
		return result()
	case <-l.ctx.Done():
		return context.Cause(l.ctx)
	}
}
