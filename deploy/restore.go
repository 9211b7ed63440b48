package deploy

import (
	"context"
	"errors"
	"fmt"

	"bluegate/deploy/model"
	"bluegate/deploy/observing"
	"bluegate/deploy/plan"
	"bluegate/deploy/stage"
)

// pointBack makes nginx serve again what it served before a change, and proves it: the old files are back, new workers
// have loaded them, and the old colour's addresses lead to its own containers. If someone else edited the files and
// they still name the release, only the addresses go back. Other edits are left as they are, which is an error.
// pointBack can be repeated.
func (r *run) pointBack(ctx context.Context, change model.Change) error {
	return r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error { return r.restore(ctx, change) })
}

// restore is pointBack while nginx's lock is held.
func (r *run) restore(ctx context.Context, change model.Change) error {
	state, err := r.nginx.Compare(ctx, change)
	if err != nil { // without nginx the old bytes go back all the same
		r.Progress.Say("%s: %v", r.seen.Route.Nginx, err)
	}
	if err == nil && state == model.ChangeConflict {
		served, err := r.adopt(ctx)
		if err != nil {
			return err
		}
		if served {
			change, state = r.change(), model.ChangeLoaded
		}
	}
	// What was adopted was never tested as it is to be. What is back already, or half, is not tested on the way.
	if e := r.journal.Current; state == model.ChangeLoaded && e != nil && e.Adopted {
		if _, err := r.nginx.Rehearse(ctx, change.Reversed(r.plan.From), observing.Started()); err != nil {
			return err
		}
	}
	if err := r.nginx.Restore(ctx, change); err != nil {
		return err
	}
	targets, err := r.targetsOfOld(ctx)
	if err != nil {
		return err
	}
	if err := r.nginx.Reach(ctx, targets); err != nil {
		return fmt.Errorf("nginx names %s again, but does not reach it: %w", r.plan.From, err)
	}
	return nil
}

// adopt takes over what someone else wrote into the same files since the switch, if nginx has loaded it and it still
// names the release. From then on the change is what it would have been over these files: its old files are the current
// ones with the old colour's addresses. It is journaled, so that a later run can go back too. Nginx's lock is held, and
// no file is written.
func (r *run) adopt(ctx context.Context) (served bool, err error) {
	if r.journal.Current == nil { // nothing is under way that could go back
		return false, nil
	}
	route, err := r.observeNginx(ctx)
	if err != nil || route.State != model.RouterRunning || route.Refusal != nil || route.Names != r.plan.Release.To {
		return false, err
	}
	back, err := r.nginx.Plan(r.seen.Addresses, r.plan.From)
	if err != nil || back.Empty() {
		return false, err
	}
	adopted := back.Reversed(r.plan.Release.To)
	adopted.Routes, adopted.Proofs, adopted.Memory = r.plan.Change.Routes, r.plan.Change.Proofs, r.plan.Change.Memory
	if err := r.enter(ctx, r.journal.Current.Phase, func(e *model.Entry) { e.Change, e.Adopted = &adopted, true }); err != nil {
		return false, err
	}
	r.seen.Route = route
	r.Progress.Say("the configuration of %s was edited since the switch, and still names %s", route.Nginx, r.plan.Release.To)
	return true, nil
}

// targetsOfOld are the addresses of the colour that was live before, with its containers.
func (r *run) targetsOfOld(ctx context.Context) ([]model.Target, error) {
	if err := r.listContainers(ctx); err != nil {
		return nil, err
	}
	return r.seen.TargetsOf(r.plan.From)
}

// healthOf says why a colour could not serve users now, by what the engine says. Without a reason it could.
func (r *run) healthOf(ctx context.Context, colour model.Colour) ([]model.Reason, error) {
	if err := r.listContainers(ctx); err != nil {
		return nil, err
	}
	return plan.HealthProblems(r.seen.Application.Models[colour], r.seen.Of(colour)), nil
}

// neitherHealthy is the error of a rollback to a colour that is not healthy either.
func (r *run) neitherHealthy(old []model.Reason) error {
	return fmt.Errorf("%s is not healthy either (%w), so nginx is not pointed back to it, and both keep running; repair one of them, then run `bluegate settle`, which keeps the one that is healthy",
		r.plan.From, &model.RefusedError{Reasons: old})
}

// rollBack points nginx back to the colour that was live before, if that is healthy. The release's containers continue
// to run.
func (r *run) rollBack(ctx context.Context) error {
	old, err := r.healthOf(ctx, r.plan.From)
	if err == nil && len(old) > 0 {
		return r.neitherHealthy(old)
	}
	if err == nil {
		err = r.undoStep(ctx, r.journal.Current)
	}
	if err := errors.Join(err, r.pointBack(ctx, r.change())); err != nil {
		r.setLive(model.None, "nginx could not be pointed back, so what it serves was not proven")
		return fmt.Errorf("%s could not be pointed back to %s, so both colours keep running: %w", r.seen.Route.Nginx, r.plan.From, err)
	}
	r.stage = stage.RolledBack
	r.setLive(r.plan.From, "nginx was pointed back to it, and that was proven")
	return nil
}
