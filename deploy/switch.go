package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// replans is how often the switch is planned again because nginx's files are not as they were: a generator may write them
// again and again.
const replans = 3

// switchOver points nginx at the release and proves it. Where another project's switch changed the files since the change
// was planned, it is planned and tested again. What a person edited was never loaded, and is refused by that.
func (r *run) switchOver(ctx context.Context) error {
	if r.route.State == model.RouterAbsent {
		return r.promote(ctx)
	}
	for try := 0; ; try++ {
		changed, err := r.switchNginx(ctx)
		if err != nil || !changed {
			return err
		}
		if try == replans {
			return model.Refuse(model.NginxNotSwitched, "the configuration of %s changed %d times while the switch was planned; find out what writes it, and deploy again", r.route.Nginx, try+1)
		}
		if err := r.planSwitchAgain(ctx); err != nil {
			return err
		}
	}
}

// switchNginx is the critical section of a switch. It holds nginx's lock, so that one switch at a time goes through an
// nginx. changed says that the files are not those that the change was planned for: then nothing was done.
func (r *run) switchNginx(ctx context.Context) (changed bool, err error) {
	lease, err := r.lockNginx(ctx)
	if err != nil {
		return false, err
	}
	defer r.unlockNginx(ctx, lease)
	ctx, cancel := holding(ctx, lease)
	defer cancel()

	targets, err := r.targetsOf(ctx)
	if err != nil {
		return false, err
	}
	now, err := r.Router.Approach(ctx, r.change, targets)
	if err != nil {
		return false, err
	}
	if now.State != model.ChangeNotApplied {
		return true, nil
	}
	r.targets, r.change.Workers = targets, now.Workers
	if err := r.enter(ctx, model.PhaseSwitching, func(e *model.Entry) { e.Change, e.Bakes = &r.change, r.bakes() }); err != nil {
		return false, err
	}
	do := r.Router.Switch
	if r.first {
		do = r.Router.Start
	}
	done, err := do(ctx, r.change, targets)
	if err != nil {
		return false, err
	}
	return false, r.served(ctx, done)
}

// served notes that nginx provably serves the release.
func (r *run) served(ctx context.Context, done model.Switched) error {
	r.switched = true
	r.report.Switch = &done
	r.report.Live, r.report.LiveBy = r.release.To, "nginx was just switched to it, and that was proven"
	if !r.healthy.IsZero() {
		r.report.Steps = append(r.report.Steps, report.Step{Name: "healthy-to-switched", Status: "ok", MS: done.At.Sub(r.healthy).Milliseconds(),
			Message: fmt.Sprintf("from the last healthcheck that passed first; %s of it are gate.stable", r.Settings.Stable)})
	}
	if r.bakes() {
		return r.enter(ctx, model.PhaseBaking, nil)
	}
	return r.promote(ctx)
}

// promote is the point of no return. It is journaled on a context of its own: users are on the new colour, whatever
// comes.
func (r *run) promote(ctx context.Context) error {
	ctx, cancel := r.whileOurs(ctx, undoLimit)
	defer cancel()
	err := r.enter(ctx, model.PhaseSwitched, r.noteOld)
	r.promoted = err == nil || r.switched // without nginx nobody is on it yet
	if err != nil && r.switched {
		return &model.ManualActionError{Err: fmt.Errorf("%s is live, but the journal does not say so yet: %w", r.release.To, err), Run: "bluegate settle"}
	}
	return err
}

// planSwitchAgain plans and tests the switch over the files as they are now.
func (r *run) planSwitchAgain(ctx context.Context) (err error) {
	r.Progress.Say("the configuration of %s changed meanwhile: planning the switch again", r.route.Nginx)
	if r.route, err = r.see(ctx); err != nil {
		return err
	}
	if err := r.planSwitch(ctx); err != nil {
		return err
	}
	return r.rehearse(ctx, already()).take(r)
}

// already is the closed channel of what has been started long ago.
func already() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// targetsOf pairs the addresses that nginx is going to name with the containers that must answer there. They are still
// good: since the gate opened, another project's switch may have taken minutes.
func (r *run) targetsOf(ctx context.Context) ([]model.Target, error) {
	containers, err := r.ofRelease(ctx)
	if err != nil {
		return nil, err
	}
	if reasons := healthProblems(r.release.Model, containers); len(reasons) > 0 {
		return nil, &model.RefusedError{Reasons: reasons}
	}
	var targets []model.Target
	for _, e := range r.change.Routes {
		t := model.Target{Endpoint: e}
		for _, c := range containers {
			if c.Service == e.Service {
				t.Containers = append(t.Containers, c)
			}
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func short(id string) string { return id[:min(len(id), 12)] }

// mayStop holds the first rule where the old colour is stopped: somebody may have pointed nginx back at it meanwhile.
func (r *run) mayStop(route model.Route) error {
	from, to := r.report.From, r.release.To
	switch {
	case route.Refusal != nil:
		return fmt.Errorf("what %s serves cannot be told: %w", route.Nginx, route.Refusal)
	case route.Names == from:
		return fmt.Errorf("the configuration of %s names %s again, though %s had been made live; somebody switched it back: decide which colour is to be live, and deploy that", route.Nginx, from, to)
	case route.State == model.RouterAbsent:
		return errors.New("nginx is not there any more, so what it serves cannot be told; bring it back")
	case route.Names != to:
		return fmt.Errorf("the configuration of %s does not name %s any more, though it had been made live; somebody edited it: make it name the live colour, reload nginx", route.Nginx, to)
	}
	if places := route.LeadsTo(from); len(places) > 0 {
		return fmt.Errorf("the configuration of %s still names %s at %s; remove that, reload nginx, then run `bluegate settle`", route.Nginx, from, strings.Join(places, ", "))
	}
	return nil
}

// warnKilled tells of containers that used up their grace: they ignore SIGTERM, and each deployment waits for them.
func (r *run) warnKilled(began time.Time, old []model.Container) {
	took := time.Since(began)
	for _, c := range old {
		s, _ := r.app.Models[c.Colour].Service(c.Service)
		grace := s.StopGrace
		if grace == 0 {
			grace = 10 * time.Second
		}
		if took >= grace {
			r.note(model.Finding{Code: "slow-stop", Message: fmt.Sprintf("stopping the old colour took %s; %s may ignore SIGTERM and was killed after its stop_grace_period of %s", took.Round(100*time.Millisecond), c.Name, grace)})
		}
	}
}
