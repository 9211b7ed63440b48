package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
)

// replans is how often the switch is planned again because nginx's files changed. A generator may write them again and
// again.
const replans = 3

// switchOver points nginx at the release and proves it. If another project's switch changed the files since the change
// was planned, it is planned and tested again. What a person edited was never loaded, and is refused for that.
func (r *run) switchOver(ctx context.Context, healthy time.Time) (targets []model.Target, err error) {
	err = r.step(ctx, "switch", func(ctx context.Context) (err error) {
		if r.seen.Route.State == model.RouterAbsent {
			return r.promote(ctx)
		}
		if r.stage == switched { // by a canary
			targets, err = r.switchAll(ctx, healthy)
			return err
		}
		r.beginJudging(ctx)
		for try := 0; ; try++ {
			var changed bool
			if targets, changed, err = r.switchNginx(ctx, healthy); err != nil || !changed {
				return err
			}
			if try == replans {
				return model.Refuse(model.NginxNotSwitched, "the configuration of %s changed %d times while the switch was planned; find out what writes it, and deploy again", r.seen.Route.Nginx, try+1)
			}
			if err := r.planSwitchAgain(ctx); err != nil {
				return err
			}
		}
	})
	return targets, err
}

// switchNginx is the critical section of a switch, on one goroutine: it takes nginx's lock, asks whether what was
// tested is still what is there, writes the journal, and switches. changed says that the files are not those that the
// change was planned for: then nothing was done.
func (r *run) switchNginx(ctx context.Context, healthy time.Time) (targets []model.Target, changed bool, err error) {
	err = r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error {
		if targets, err = r.targetsOf(ctx); err != nil {
			return err
		}
		next := r.plan.Change
		next.LogFor = r.logFor()
		done, err := r.nginx.Switch(ctx, next, targets, func(change model.Change) error {
			return r.enter(ctx, model.PhaseSwitching, func(e *model.Entry) { e.Change, e.Bakes = &change, r.plan.Bakes(r.Settings) })
		})
		if err != nil {
			return err
		}
		return r.served(ctx, done, healthy)
	})
	if errors.Is(err, model.ErrChanged) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	return targets, false, nil
}

// served notes that nginx provably serves the release. Without a bake it is promoted.
func (r *run) served(ctx context.Context, done model.Switched, healthy time.Time) error {
	r.stage = switched
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
	if err == nil || r.stage == switched { // without nginx no user is on it yet
		r.stage = promoted
	}
	if err != nil && r.stage == promoted {
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
	return r.rehearse(ctx, already()).noted(r)
}

// already is a closed channel: what it waits for has happened.
func already() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
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
	return targetsAt(r.plan.Change.Routes, containers), nil
}

// targetsAt pairs addresses with the containers of their services.
func targetsAt(endpoints []model.Endpoint, containers []model.Container) (targets []model.Target) {
	for _, e := range endpoints {
		t := model.Target{Endpoint: e}
		for _, c := range containers {
			if c.Service == e.Service {
				t.Containers = append(t.Containers, c)
			}
		}
		targets = append(targets, t)
	}
	return targets
}
