package deploy

import (
	"context"
	"errors"
	"fmt"

	"bluegate/deploy/model"
)

// Testers get a release that waits through nginx, by a secret, while users stay on the old colour. The change that lets them
// in is a switch of its own, and is taken back before the release's containers are removed.

// letTestersIn has nginx give testers the release. If another project's switch changed the files since that was planned, it
// is planned again.
func (r *run) letTestersIn(ctx context.Context) error {
	if err := r.keepTestersOut(ctx); err != nil {
		return err
	}
	for try := 0; r.plan.Change.Testers != nil; try++ {
		err := r.switchToTesters(ctx)
		if !errors.Is(err, model.ErrChanged) {
			return err
		}
		if try == replans {
			return r.changedMeanwhile("while testers were let in")
		}
		if err := r.planSwitchAgain(ctx); err != nil {
			return err
		}
	}
	return nil
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
	if _, err := r.nginx.Rehearse(ctx, change, already()); err != nil {
		return err
	}
	targets, err := r.targetsOfOld(ctx)
	if err != nil {
		return err
	}
	err = r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error {
		if err := r.switchTo(ctx, change, targets, func(e *model.Entry, change *model.Change) { e.Step = change }); err != nil {
			return err
		}
		return r.enter(ctx, r.journal.Current.Phase, func(e *model.Entry) { e.Step = nil })
	})
	if err != nil && !errors.Is(err, model.ErrChanged) {
		return err
	}
	return r.replanSwitch(ctx)
}

// switchToTesters lets testers in. From when it is journaled on, the release is removed only after that was taken back.
func (r *run) switchToTesters(ctx context.Context) error {
	change := *r.plan.Change.Testers
	if _, err := r.nginx.Rehearse(ctx, change, already()); err != nil {
		return err
	}
	return r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error {
		targets, err := r.targetsOf(ctx)
		if err != nil {
			return err
		}
		return r.switchTo(ctx, change, targets, func(e *model.Entry, change *model.Change) { e.Testers = change })
	})
}

// switchTo switches nginx, whose lock is held, and journals the change right before.
func (r *run) switchTo(ctx context.Context, change model.Change, targets []model.Target, note func(*model.Entry, *model.Change)) error {
	_, err := r.nginx.Switch(ctx, change, targets, func(change model.Change) error {
		return r.enter(ctx, r.journal.Current.Phase, func(e *model.Entry) { note(e, &change) })
	})
	return err
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
			route, err := r.observeRoute(ctx)
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
