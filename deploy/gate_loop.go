package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/redact"
)

// gateLoop runs the gate. Compose starts the containers, the engine reports them and nginx tests the coming
// configuration in goroutines of their own; one goroutine receives what they send, and decides.
type gateLoop struct {
	run       *run
	ctx       context.Context
	cancel    context.CancelFunc
	gate      *gate.Gate
	deadline  time.Time
	seen      <-chan model.ContainerEvent
	up        chan error
	started   chan struct{} // closed when Up has returned: the containers' names are known
	rehearsed chan rehearsal
	asked     chan error     // the end of what is asked besides health
	work      sync.WaitGroup // Up and the rehearsal
	upDone    time.Time
	next      time.Time // when the gate is to be asked again
	confirmed time.Time // the next for which every container was asked for
	tested    bool      // the rehearsal has ended well
	trouble   error
	ask       func() // asks that
	healthy   map[string]bool
	healthyAt time.Time // when the last container became healthy
}

// newGateLoop starts the release, watches it, and tests the coming configuration.
func newGateLoop(ctx context.Context, r *run) *gateLoop {
	w := loopOf(ctx, r, r.plan.Expected, r.Settings.Stable, r.plan.Budget(r.Settings))
	w.work.Go(func() { w.up <- r.start(w.ctx) })
	w.work.Go(func() { w.rehearsed <- r.rehearse(w.ctx, w.started) })
	return w
}

// loopOf watches what is expected. It has to be good for stable, and to become good within the budget.
func loopOf(ctx context.Context, r *run, want []gate.Expected, stable, budget time.Duration) *gateLoop {
	ctx, cancel := context.WithCancel(ctx)
	w := &gateLoop{
		run: r, ctx: ctx, cancel: cancel, deadline: time.Now().Add(budget),
		up: make(chan error, 1), started: make(chan struct{}), rehearsed: make(chan rehearsal, 1), asked: make(chan error, 1), healthy: map[string]bool{},
	}
	w.gate = gate.New(want, stable, w.deadline)
	w.seen = r.Stack.Watch(ctx, r.plan.Release.Model, r.plan.Release.Label())
	return w
}

// end stops the watcher, and waits for Up and the test of the configuration: nothing may be created while a release is
// abandoned.
func (w *gateLoop) end() {
	w.cancel()
	for range w.seen { // closed once the watcher has ended
	}
	w.work.Wait()
}

var errUnwatched = errors.New("the release's containers are not watched any more")

// decide returns nil when the gate has opened, and the refusal when it has not.
func (w *gateLoop) decide() error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-w.ctx.Done():
			return context.Cause(w.ctx)
		case seen, open := <-w.seen:
			if !open {
				return cmp.Or(context.Cause(w.ctx), errUnwatched)
			}
			w.observe(seen)
		case err := <-w.up:
			if err := w.isUp(err); err != nil {
				return err
			}
		case rehearsed := <-w.rehearsed:
			if err := rehearsed.noted(w.run); err != nil {
				return err // no need to wait for health: nginx would refuse the switch
			}
			w.tested = true
		case err := <-w.asked:
			if err := w.askAgain(err); err != nil {
				return err
			}
		case <-timer.C:
		}
		if err := w.refreshIfDue(); err != nil {
			return err
		}
		if w.trouble != nil { // silence would be taken for no change
			timer.Reset(troublePause)
			continue
		}
		v := w.gate.Verdict(time.Now())
		w.run.Progress.Gate(v)
		w.next = v.Next
		switch v.Decision {
		case gate.Open:
			return w.opened()
		case gate.Refused:
			return plan.Refusal(v)
		}
		timer.Reset(max(time.Until(w.wake(v)), 0))
	}
}

// observe tells the gate what the engine reported.
func (w *gateLoop) observe(seen model.ContainerEvent) {
	switch {
	case seen.Trouble != nil:
		if w.trouble == nil {
			w.run.Progress.Say("the engine does not answer, asking again: %v", seen.Trouble)
		}
		w.trouble = seen.Trouble
	case seen.Gone != "":
		w.gate.Vanish(seen.Gone, time.Now())
	case w.notStarted(seen.Sample):
	default:
		w.gate.Observe(seen.Sample)
		w.clock(seen.Sample)
	}
}

// wake is when the gate is asked again if nothing happens.
func (w *gateLoop) wake(v gate.Verdict) time.Time {
	if v.Next.Equal(w.confirmed) {
		return v.Next
	}
	return v.Next.Add(-w.askingTakes())
}

// notStarted says that a container which comes back has not been started yet, so that its sample is of an earlier run.
func (w *gateLoop) notStarted(s gate.Sample) bool {
	return w.run.plan.Release.Back != nil && slices.ContainsFunc(w.run.seen.Of(w.run.plan.Release.To), func(c model.Container) bool {
		return c.ID == s.ID && !c.Running && c.Sample.StartedAt.Equal(s.StartedAt)
	})
}

// clock notes when the last container became healthy. The report counts the time to the switch from there.
func (w *gateLoop) clock(s gate.Sample) {
	healthy := s.Health == gate.HealthHealthy && s.State == gate.StateRunning
	if healthy && !w.healthy[s.ID] && s.LastProbe != nil && s.LastProbe.End.After(w.healthyAt) {
		w.healthyAt = s.LastProbe.End
	}
	w.healthy[s.ID] = healthy
}

// troublePause is the pause before an engine that does not answer is asked again.
const troublePause = 500 * time.Millisecond

// askingTakes is how long an engine that is not busy takes to list the containers. They are listed that much before the
// gate opens, so that the answer is there when it opens.
func (w *gateLoop) askingTakes() time.Duration {
	return min(5*time.Millisecond+time.Duration(len(w.healthy))*time.Millisecond, 500*time.Millisecond)
}

// refreshIfDue lists the containers when the gate is about to decide, and after the engine did not answer: the gate
// opens on what is true now, and not on the last event.
func (w *gateLoop) refreshIfDue() error {
	near := !w.next.IsZero() && !w.next.Equal(w.confirmed) && !time.Now().Before(w.next.Add(-w.askingTakes()))
	if w.trouble == nil && !near {
		return nil
	}
	if near {
		w.confirmed = w.next
	}
	if err := w.refresh(); err != nil {
		if time.Now().After(w.deadline) {
			return fmt.Errorf("the engine could not be asked when the gate had to decide: %w", err)
		}
		w.observe(model.ContainerEvent{Trouble: err})
	}
	return nil
}

// refresh lists the release's containers, and tells the gate of each and of those that are gone.
func (w *gateLoop) refresh() error {
	containers, err := w.run.ofRelease(w.ctx)
	if err != nil {
		return err
	}
	w.trouble = nil
	known := maps.Clone(w.healthy)
	gone := w.missing(known, containers)
	if len(gone) > 0 { // an engine under load may leave out what is there
		if err := sleep(w.ctx, troublePause); err != nil {
			return err
		}
		if containers, err = w.run.ofRelease(w.ctx); err != nil {
			return err
		}
		gone = w.missing(gone, containers)
	}
	for id := range gone { // removed without an event
		w.observe(model.ContainerEvent{Gone: id})
	}
	return nil
}

// missing observes the containers that are there, and returns the known ones that are not.
func (w *gateLoop) missing(known map[string]bool, containers []model.Container) map[string]bool {
	for _, c := range containers {
		delete(known, c.ID)
		w.observe(model.ContainerEvent{Sample: c.Sample})
	}
	return known
}

// ofRelease lists the release's containers.
func (r *run) ofRelease(ctx context.Context) ([]model.Container, error) {
	own := r.seen.Application
	own.Models = map[model.Colour]model.Model{r.plan.Release.To: r.seen.Application.Models[r.plan.Release.To]}
	all, err := r.Stack.Containers(ctx, own)
	var mine []model.Container
	for _, c := range all {
		if c.Colour == r.plan.Release.To && (r.plan.Release.Back != nil || c.Release == r.plan.Release.ID) {
			mine = append(mine, c)
		}
	}
	return mine, err
}

// opened waits for Up to return. The gate has seen every container running, so Up is about to.
func (w *gateLoop) opened() error {
	if !w.upDone.IsZero() {
		return nil
	}
	select {
	case err := <-w.up:
		return w.isUp(err)
	case <-time.After(upGrace):
		return model.Refuse(model.CreateFailed, "every container is healthy, but Compose did not finish starting them within %s more", upGrace)
	case <-w.ctx.Done():
		return context.Cause(w.ctx)
	}
}

// isUp takes the result of Up.
func (w *gateLoop) isUp(err error) error {
	w.upDone = time.Now()
	if err != nil {
		return w.upFailed(err)
	}
	close(w.started)
	return nil
}

// upGrace is how long Up may take to return after the gate has opened.
const upGrace = 30 * time.Second

// upFailed prefers the gate's reasons to Compose's error: "dependency failed to start" hides why.
func (w *gateLoop) upFailed(err error) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	if again := w.refresh(); again == nil {
		if v := w.gate.Verdict(time.Now()); v.Decision == gate.Refused {
			return plan.Refusal(v)
		}
	}
	if model.Is[*model.UnreachableError](err) {
		return err
	}
	return &model.RefusedError{Reasons: []model.Reason{{Code: model.CreateFailed, Message: redact.Sanitize(err.Error())}}}
}

// rehearsal waits for the test of the coming configuration.
func (w *gateLoop) rehearsal() error {
	if w.tested {
		return nil
	}
	select {
	case rehearsed := <-w.rehearsed:
		return rehearsed.noted(w.run)
	case <-w.ctx.Done():
		return context.Cause(w.ctx)
	}
}
