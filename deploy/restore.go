package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"bluegate/deploy/model"
)

// pointBack makes nginx serve again what it served before a change, and proves it: the old bytes where those of the
// change are, new workers that have read them, and the old colour's addresses leading to its own containers. Where someone
// else edited the files and they still name the release, only what names it goes back; other bytes that are someone
// else's are left as they are, which is an error. It may be repeated: what is back already is only proven.
func (r *run) pointBack(ctx context.Context, change model.Change) error {
	return r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error { return r.restore(ctx, change) })
}

func (r *run) restore(ctx context.Context, change model.Change) error {
	if err := r.Router.Follow(ctx, change); err != nil { // without nginx the old bytes go back all the same
		r.Progress.Say("%s: %v", r.seen.Route.Nginx, err)
	}
	fate, err := r.Router.Compare(ctx, change)
	if err == nil && fate == model.ChangeConflict {
		served, err := r.adopt(ctx)
		if err != nil {
			return err
		}
		if served {
			change, fate = r.plan.Change, model.ChangeLoaded
		}
	}
	// What was adopted was never tested as it is to be. What is back already, or half, is not tested on the way.
	if e := r.journal.Current; fate == model.ChangeLoaded && e != nil && e.Adopted {
		if _, err := r.Router.Rehearse(ctx, reversed(change, r.plan.From), already()); err != nil {
			return err
		}
	}
	if err := r.Router.Restore(ctx, change); err != nil {
		return err
	}
	targets, err := r.targetsOfOld(ctx)
	if err != nil {
		return err
	}
	if err := r.Router.Reach(ctx, targets); err != nil {
		return fmt.Errorf("nginx names %s again, but does not reach it: %w", r.plan.From, err)
	}
	return nil
}

// adopt takes over what someone else wrote into the same files since the switch, another project's own switch for
// instance, if nginx has loaded it and it names the release as before. The change is from then on what it would have been
// had that stood there already: its old bytes are the bytes of now, made to name the colour before. It is journaled, so
// that a later run can go back too. Nginx's lock is held, and nothing is written.
func (r *run) adopt(ctx context.Context) (served bool, err error) {
	if r.journal.Current == nil { // nothing is under way that could go back
		return false, nil
	}
	route, err := r.Router.Observe(ctx, r.seen.Addresses)
	if err != nil || route.State != model.RouterRunning || route.Refusal != nil || route.Names != r.plan.Release.To {
		return false, err
	}
	back, err := r.Router.Plan(route, r.seen.Addresses, r.plan.From)
	if err != nil || back.Empty() {
		return false, err
	}
	adopted := reversed(back, r.plan.Release.To)
	adopted.Routes, adopted.Proofs, adopted.Memory = r.plan.Change.Routes, r.plan.Change.Proofs, r.plan.Change.Memory
	if err := r.enter(ctx, r.journal.Current.Phase, func(e *model.Entry) { e.Change, e.Adopted = &adopted, true }); err != nil {
		return false, err
	}
	r.seen.Route, r.plan.Change = route, adopted
	r.Progress.Say("the configuration of %s was edited since the switch, and still names %s", route.Nginx, r.plan.Release.To)
	return true, nil
}

// reversed is the change that undoes a change, after which nginx names that colour.
func reversed(change model.Change, colour model.Colour) model.Change {
	change.To, change.Files, change.Workers = colour, slices.Clone(change.Files), nil
	for i, f := range change.Files {
		change.Files[i] = f.Reverse()
	}
	return change
}

// targetsOfOld are the addresses of the colour that was live before, with its containers.
func (r *run) targetsOfOld(ctx context.Context) ([]model.Target, error) {
	if err := r.listContainers(ctx); err != nil {
		return nil, err
	}
	var endpoints []model.Endpoint
	for _, p := range r.seen.Route.Points {
		e := p.Endpoint
		if e.Colour != r.plan.From {
			var err error
			if e, err = r.seen.Addresses.Counterpart(e); err != nil {
				return nil, err
			}
		}
		endpoints = append(endpoints, e)
	}
	running := slices.DeleteFunc(r.seen.Of(r.plan.From), func(c model.Container) bool { return !c.Running })
	return targetsAt(endpoints, running), nil
}

// healthOf says why a colour could not serve users at this moment, as the engine sees it; empty: it could.
func (r *run) healthOf(ctx context.Context, colour model.Colour) ([]model.Reason, error) {
	if err := r.listContainers(ctx); err != nil {
		return nil, err
	}
	return healthProblems(r.seen.Application.Models[colour], r.seen.Of(colour)), nil
}

// neitherHealthy is the error of a rollback that has nothing good to go back to. Going to and fro between two bad colours
// would help nobody.
func (r *run) neitherHealthy(old []model.Reason) error {
	return fmt.Errorf("%s is not healthy either (%w), so nginx is not pointed back to it, and both keep running; repair one of them, then run `bluegate settle`, which keeps the one that is healthy",
		r.plan.From, &model.RefusedError{Reasons: old})
}

// rollBack is the undoing after the switch, as far as users notice it. The release's containers still run afterwards.
func (r *run) rollBack(ctx context.Context) error {
	old, err := r.healthOf(ctx, r.plan.From)
	if err == nil && len(old) > 0 {
		return r.neitherHealthy(old)
	}
	if err := errors.Join(err, r.pointBack(ctx, r.plan.Change)); err != nil {
		r.setLive(model.None, "nginx could not be pointed back, so what it serves was not proven")
		return fmt.Errorf("%s could not be pointed back to %s, so both colours keep running: %w", r.seen.Route.Nginx, r.plan.From, err)
	}
	r.stage = rolledBack
	r.setLive(r.plan.From, "nginx was pointed back to it, and that was proven")
	return nil
}
