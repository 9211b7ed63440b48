package deploy

import (
	"context"
	"errors"
	"fmt"

	"bluegate/deploy/model"
	"bluegate/deploy/observing"
)

// Testers get a release that waits through nginx, by a secret, while users stay on the old colour. The change that lets them
// in is a switch of its own, and is taken back before the release's containers are removed.

// letTestersIn has nginx give testers the release. From when that is journaled on, the release is removed only after it was
// taken back.
func (r *run) letTestersIn(ctx context.Context) error {
	if err := r.keepTestersOut(ctx); err != nil {
		return err
	}
	return r.replanned(ctx, func() error {
		if r.plan.Change.Testers == nil {
			return nil
		}
		return r.switchBeside(ctx, *r.plan.Change.Testers, r.targetsOf, func(e *model.Entry, change model.Change) { e.Testers = &change })
	})
}

// keepTestersOut writes what testers get without a release, if nginx's file does not say it as it is configured now: that is
// what is put back when the release is promoted or removed. Users get what they got.
func (r *run) keepTestersOut(ctx context.Context) error {
	if r.plan.Change.Testers == nil {
		return nil
	}
	change, err := r.nginx.Plan(r.seen.Addresses, r.plan.From)
	if err != nil || change.Empty() {
		return err
	}
	err = r.switchBeside(ctx, change, r.targetsOfOld, func(e *model.Entry, change model.Change) { e.Step = &change })
	if err == nil {
		err = r.enter(ctx, r.journal.Current.Phase, func(e *model.Entry) { e.Step = nil })
	}
	if err != nil && !errors.Is(err, model.ErrChanged) {
		return err
	}
	return r.replanSwitch(ctx)
}

// switchBeside tests a change after which users get what they got, and switches nginx to it.
func (r *run) switchBeside(ctx context.Context, change model.Change, targets func(context.Context) ([]model.Target, error), note func(*model.Entry, model.Change)) error {
	if _, err := r.nginx.Rehearse(ctx, change, observing.Started()); err != nil {
		return err
	}
	return r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error {
		to, err := targets(ctx)
		if err == nil {
			_, err = r.switchTo(ctx, r.journal.Current.Phase, change, to, note)
		}
		return err
	})
}

// sendTestersAway takes back what let testers in, proves it, and waits until nothing of the release's is asked any more. It
// can be repeated.
func (r *run) sendTestersAway(ctx context.Context) error {
	e := r.journal.Current
	if e == nil || e.Testers == nil {
		return nil
	}
	if !e.Phase.BeforeSwitch() { // users were pointed back already, and what did that is not to be compared with what comes now
		if err := r.enter(ctx, model.PhaseStarting, func(e *model.Entry) { e.Change, e.Step = nil, nil }); err != nil {
			return err
		}
	}
	err := r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error {
		state, err := r.nginx.Compare(ctx, *e.Testers)
		if err == nil && state == model.ChangeConflict { // someone wrote something else
			route, err := r.observeNginx(ctx)
			if err != nil {
				return err
			}
			return r.seen.NothingLeadsTo(route, e.To)
		}
		if err != nil {
			return err
		}
		if err := r.nginx.Restore(ctx, *e.Testers); err != nil {
			return err
		}
		targets, err := r.targetsOfOld(ctx)
		if err != nil {
			return err
		}
		return r.nginx.Reach(ctx, targets)
	})
	if err == nil && r.seen.Route.State == model.RouterRunning {
		err = r.drainRelease(ctx)
	}
	if err != nil {
		return fmt.Errorf("testers may still get release %s through %s, so it keeps running: %w", e.Release, r.seen.Route.Nginx, err)
	}
	return r.enter(ctx, e.Phase, func(e *model.Entry) { e.Testers = nil })
}
