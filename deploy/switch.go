package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/observing"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
	"bluegate/deploy/stage"
)

// replans is how often the switch is planned again because nginx's files changed. A generator may write them again and
// again.
const replans = 3

// switchOver points nginx at the release, and proves it. After a canary it gives it the clients that it does not have yet.
func (r *run) switchOver(ctx context.Context, healthy time.Time) (targets []model.Target, err error) {
	err = r.step(ctx, "switch", func(ctx context.Context) (err error) {
		if r.seen.Route.State == model.RouterAbsent {
			return r.promote(ctx)
		}
		r.beginJudging(ctx)
		phase := model.PhaseSwitching
		if r.stage == stage.Switched { // what is left by a canary that ends here goes back to the old colour alone
			phase = model.PhaseCanary
		}
		targets, err = r.advance(ctx, phase, func() (model.Change, time.Duration, error) { return r.plan.Change, r.plan.LogFor(r.Settings), nil }, func(ctx context.Context, done model.Switched) error {
			return r.served(ctx, done, healthy)
		})
		return err
	})
	return targets, err
}

// advance switches nginx to the change that next returns, with the time for which requests are logged, proves it, and calls
// then while nginx's lock is still held.
func (r *run) advance(ctx context.Context, phase model.Phase, next func() (model.Change, time.Duration, error), then func(context.Context, model.Switched) error) (targets []model.Target, err error) {
	err = r.replanned(ctx, func() error {
		change, logFor, err := next()
		if err == nil {
			targets, err = r.switchNginx(ctx, phase, change, logFor, then)
		}
		return err
	})
	return targets, err
}

// replanned repeats a switch while it returns model.ErrChanged: another project's switch changed the files since it was planned,
// so it is planned and tested again. What a person edited was never loaded, and is refused for that.
func (r *run) replanned(ctx context.Context, do func() error) error {
	for try := 0; ; try++ {
		err := do()
		switch {
		case !errors.Is(err, model.ErrChanged):
			return err
		case r.stage == stage.Switched: // users have the release: what was planned cannot be given up for another plan
			return model.Refuse(model.NginxNotSwitched, "someone else changed the configuration of %s during the canary; deploy again once nobody does", r.seen.Route.Nginx)
		case try == replans:
			return model.Refuse(model.NginxNotSwitched, "the configuration of %s changed %d times while the switch was planned; find out what writes it, and deploy again", r.seen.Route.Nginx, try+1)
		}
		if err := r.planSwitchAgain(ctx); err != nil {
			return err
		}
	}
}

// switchNginx is the critical section of a switch, on one goroutine: it takes nginx's lock, asks whether what was tested is
// still what is there, writes the journal, and switches. The next change begins with the same files as the first one of this
// run did. Both ends of a switch are journaled, so that a later run can go back from either. model.ErrChanged says that the
// files are not those that the change was planned for: then nothing was done.
func (r *run) switchNginx(ctx context.Context, phase model.Phase, next model.Change, logFor time.Duration, then func(context.Context, model.Switched) error) (targets []model.Target, err error) {
	err = r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error {
		if targets, err = r.targetsOf(ctx); err != nil {
			return err
		}
		first, before := r.stage != stage.Switched, r.change()
		if !first {
			next = next.Over(before)
		}
		next.LogFor = logFor
		done, err := r.switchTo(ctx, phase, next, targets, func(e *model.Entry, change model.Change) {
			next, e.Bakes = change, r.plan.Bakes(r.Settings)
			if first {
				e.Change = &change
			} else {
				e.Step = &change
			}
		})
		if err != nil {
			return err
		}
		if !first {
			next = before.Then(next)
		}
		r.stage, r.journal.Current.Change, r.journal.Current.Step = stage.Switched, &next, nil
		return then(ctx, done)
	})
	return targets, err
}

// switchTo switches nginx, whose lock is held, and proves it. Right before the first write it journals the phase and what note
// notes of the change.
func (r *run) switchTo(ctx context.Context, phase model.Phase, change model.Change, targets []model.Target, note func(*model.Entry, model.Change)) (model.Switched, error) {
	return r.nginx.Switch(ctx, change, targets, func(change model.Change) error {
		return r.enter(ctx, phase, func(e *model.Entry) { note(e, change) })
	})
}

// change is what the switches of this run have made of nginx's files, from those before the first one. The journal has it;
// before the first switch it is what is planned.
func (r *run) change() model.Change {
	if e := r.journal.Current; e != nil && e.Change != nil {
		return *e.Change
	}
	return r.plan.Change
}

// undoStep takes a switch after the first one back that was not proven: the files are those of the change before it again.
func (r *run) undoStep(ctx context.Context, e *model.Entry) error {
	if e == nil || e.Step == nil {
		return nil
	}
	state, err := r.nginx.Compare(ctx, *e.Step)
	if err != nil || state != model.ChangeWritten && state != model.ChangeLoaded { // nothing is written, or the whole change tells
		return err
	}
	return r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error { return r.nginx.Restore(ctx, *e.Step) })
}

// served notes that nginx provably serves the release. Without a bake it is promoted.
func (r *run) served(ctx context.Context, done model.Switched, healthy time.Time) error {
	r.report.Switch = &done
	r.setLive(r.plan.Release.To, "nginx was just switched to it, and that was proven")
	if !healthy.IsZero() {
		r.report.Steps = append(r.report.Steps, report.Step{Name: "healthy-to-switched", Status: "ok", MS: done.At.Sub(healthy).Milliseconds(),
			Message: fmt.Sprintf("from the last healthcheck that passed first; %s of it are gate.stable", r.Settings.Stable)})
	}
	if r.plan.Bakes(r.Settings) {
		return r.enter(ctx, model.PhaseBaking, nil)
	}
	return r.promote(ctx)
}

// promote is the point of no return. It is journaled also when the run is interrupted: users are on the new colour.
func (r *run) promote(ctx context.Context) error {
	ctx, cancel := r.whileLocked(ctx, undoLimit)
	defer cancel()
	err := r.enter(ctx, model.PhaseSwitched, r.noteOld)
	if err == nil || r.stage == stage.Switched { // without nginx no user is on it yet
		r.stage = stage.Promoted
	}
	if err != nil && r.stage == stage.Promoted {
		return &model.ManualActionError{Err: fmt.Errorf("%s is live, but the journal does not say so yet: %w", r.plan.Release.To, err), Run: "bluegate settle"}
	}
	return err
}

// planSwitchAgain plans and tests the switch over nginx's files as they are now.
func (r *run) planSwitchAgain(ctx context.Context) error {
	r.Progress.Say("the configuration of %s changed: planning the switch again", r.seen.Route.Nginx)
	return r.replanSwitch(ctx)
}

// replanSwitch is planSwitchAgain for a run that knows why.
func (r *run) replanSwitch(ctx context.Context) error {
	route, err := r.observeRoute(ctx)
	if err != nil {
		return err
	}
	if route.State == model.RouterAbsent {
		return &model.UnreachableError{What: "nginx", Err: errors.New("it was there when the deployment began, and is not any more")}
	}
	r.seen.Route = route
	r.askChange()
	p, err := r.plan.SwitchAgain(r.seen, r.Settings)
	if r.setPlan(p); err != nil {
		return err
	}
	if err := r.canHoldNames(ctx); err != nil {
		return err
	}
	return r.rehearsed(r.rehearse(ctx, observing.Started()))
}

// targetsOf pairs the addresses that nginx is going to name with the release's containers. It refuses containers that
// are not healthy any more: since the gate opened, another project's switch may have taken minutes.
func (r *run) targetsOf(ctx context.Context) ([]model.Target, error) {
	containers, err := r.ofRelease(ctx)
	if err != nil {
		return nil, err
	}
	if reasons := plan.HealthProblems(r.plan.Release.Model, containers); len(reasons) > 0 {
		return nil, &model.RefusedError{Reasons: reasons}
	}
	return plan.Targets(r.plan.Change.Routes, containers), nil
}
