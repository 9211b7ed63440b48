package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"bluegate/deploy/drill"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
)

// Drill switches to a copy of the live colour and back, under a load of its own, and reports what its users lost. The
// colour that is live is live again afterwards, with the same containers, which run all the time; and rollback goes back to
// the same release as before. The copy goes through the same gate, checks, switch and drain as a release, and no hook is
// run. A drill that was killed is settled as a release that did not pass.
func (d *Deployer) Drill(ctx context.Context, s drill.Settings) *report.Report {
	r := d.begin("drill")
	r.plan.Release.ID = model.NewReleaseID(time.Now())
	r.report.Release = r.plan.Release.ID
	return r.whole(ctx, func(ctx context.Context, lost context.CancelCauseFunc) error {
		run := &drilling{run: r, settings: s, session: drill.NewSession(s, d.Load)}
		return run.drill(ctx, lost)
	})
}

// drilling is a run that is a drill.
type drilling struct {
	*run
	settings drill.Settings
	session  *drill.Session
	healthy  time.Time // when the copy became healthy
}

// drill is a drill. Whatever fails, the load is stopped and told of, and what was switched is switched back.
func (d *drilling) drill(ctx context.Context, lost context.CancelCauseFunc) error {
	if err := d.settings.Check(); err != nil {
		return err
	}
	if _, err := d.lockAndSettle(ctx, lost); err != nil {
		return err
	}
	if err := d.step(ctx, "observe", d.observe); err != nil {
		return err
	}
	if err := d.step(ctx, "plan", d.planDrill); err != nil {
		return err
	}
	if err := d.step(ctx, "try", func(ctx context.Context) error { return d.session.Try(ctx, d.seen.Route, d.Remote) }); err != nil {
		return err
	}
	err := d.orAbandon(ctx, func() error { return d.thereAndBack(ctx) })
	d.tell(err)
	return err
}

// planDrill plans the switch to a copy of the live colour.
func (d *drilling) planDrill(ctx context.Context) error {
	if err := d.notePruned(ctx); err != nil {
		return err
	}
	p, err := plan.ChooseDrill(d.seen, d.Settings, d.plan.Release.ID)
	if d.setPlan(p); err != nil {
		return err
	}
	if err := d.askHeld(ctx); err != nil {
		return err
	}
	if err := d.copyLive(ctx); err != nil {
		return err
	}
	if err := d.Stack.Require(ctx, d.plan.Release.Model); err != nil {
		return err
	}
	if err := d.completePlan(ctx); err != nil {
		return err
	}
	if d.plan.Change.Empty() {
		return model.Invalid("a switch to %s would change nothing in the configuration of %s, so there is nothing to drill", d.plan.Release.To, d.seen.Route.Nginx)
	}
	found, err := d.nginx.Examine(ctx, model.Examination{Drain: d.Settings.DrainTimeout})
	d.session.Announce(found)
	return err
}

// askHeld asks what the engine would still have of the release that rollback goes back to, once its containers are gone.
func (d *drilling) askHeld(ctx context.Context) error {
	back, err := d.seen.RollbackTarget()
	if err != nil { // there is none
		return nil
	}
	missing, err := d.Archive.Held(ctx, d.seen.Application.Project, back)
	d.seen.Retained = plan.Retained(back, nil, missing)
	return err
}

// copyLive makes the images of the live colour those of the idle one.
func (d *drilling) copyLive(ctx context.Context) error {
	to := d.plan.Release.To
	m, err := d.seen.Copy(d.plan.From, to)
	if err != nil {
		return err
	}
	images, err := d.Images.Images(ctx, m)
	if err != nil {
		return err
	}
	d.seen.Images = maps.Clone(d.seen.Images)
	d.seen.Images[to], m = images, m.WithImages(images)
	d.seen.Application = d.seen.Application.With(m)
	p := d.plan
	p.Release.Model, p.Images = m, images
	d.setPlan(p)
	return nil
}

// thereAndBack starts the copy, and switches to it and back.
func (d *drilling) thereAndBack(ctx context.Context) (err error) {
	if err := d.restorePolicies(ctx); err != nil {
		return err
	}
	if d.healthy, err = d.up(ctx); err != nil {
		return err
	}
	if err := d.checks(ctx); err != nil {
		return err
	}
	return d.session.Course(ctx, d.plan.From, d.plan.Release.To, d)
}

// Plan plans the next switch over nginx's files as they are now.
func (d *drilling) Plan(ctx context.Context) error { return d.step(ctx, "plan", d.replanSwitch) }

// There switches to the copy.
func (d *drilling) There(ctx context.Context) error {
	_, err := d.switchOver(ctx, d.healthy)
	return err
}

// Back makes nginx serve the live colour again.
func (d *drilling) Back(ctx context.Context) error { return d.step(ctx, "switch-back", d.rollBack) }

// Left waits until nothing is in flight on the live colour. What still is after drain.timeout is not waited for: that colour
// is not stopped.
func (d *drilling) Left(ctx context.Context) (drained bool, err error) {
	err = d.step(ctx, "drain", func(ctx context.Context) error { return d.drained(ctx, d.plan.From) })
	if errors.Is(err, errDrain) {
		return false, nil
	}
	return err == nil, err
}

// Free waits until nothing is in flight on the copy: it is going to be stopped.
func (d *drilling) Free(ctx context.Context) (drained bool, err error) {
	err = d.step(ctx, "drain-back", func(ctx context.Context) error { return d.drained(ctx, d.plan.Release.To) })
	return err == nil, err
}

// Remove removes the copy.
func (d *drilling) Remove(ctx context.Context) error { return d.step(ctx, "remove", d.removeRelease) }

// drained waits until nothing is in flight on a colour.
func (d *drilling) drained(ctx context.Context, colour model.Colour) error {
	if err := d.listContainers(ctx); err != nil {
		return err
	}
	until := time.Now().Add(d.Settings.DrainTimeout)
	left, err := d.drainWithin(ctx, d.Settings.DrainTimeout, d.seen.Of(colour), func(left model.DrainStatus) { d.Progress.Draining(left, until) })
	if errors.Is(err, errDrain) {
		d.note(left.StillOpen()...)
		return fmt.Errorf("after %s %w (%s; %s)", d.Settings.DrainTimeout, err, d.seen.Route.Nginx, left)
	}
	return err
}

// tell ends the load, and says what its users lost.
func (d *drilling) tell(err error) {
	result := d.session.Result()
	d.report.Drill = result
	if result == nil || err != nil {
		return
	}
	d.note(d.session.Announced()...)
	d.report.Message = drill.Sentence(result)
	d.drilled = d.settings.Outcome(result)
}
