package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
)

// canary gives a share of the clients the release, step by step. Each step is a switch of its own, which is proven, and in
// each the release is watched and judged. Whatever fails, or ends it, nginx is pointed back to the old colour alone.
func (r *run) canary(ctx context.Context) error {
	if !r.plan.Canaries() {
		return nil
	}
	return r.step(ctx, "canary", func(ctx context.Context) error {
		for i := 0; i < len(r.plan.Change.Steps); i++ {
			during := fmt.Sprintf("canary %d %%", r.plan.Change.Steps[i].Weight)
			if err := r.canaryStep(ctx, i, during); err != nil {
				return fmt.Errorf("%s: %w", during, err)
			}
		}
		return nil
	})
}

// canaryStep gives the release its next share, and watches it.
func (r *run) canaryStep(ctx context.Context, i int, during string) error {
	r.beginJudging(ctx)
	for try := 0; ; try++ {
		step := r.plan.Change.Steps[i]
		_, err := r.advance(ctx, model.PhaseCanary, step.Change, step.For)
		switch {
		case errors.Is(err, model.ErrChanged) && r.stage != switched && try < replans: // nothing was done yet
			if err := r.planSwitchAgain(ctx); err != nil {
				return err
			}
			if i >= len(r.plan.Change.Steps) {
				return model.Refuse(model.NginxNotSwitched, "the configuration of %s changed, and the canary cannot be planned again; deploy again", r.seen.Route.Nginx)
			}
			continue
		case errors.Is(err, model.ErrChanged):
			return r.changedMeanwhile()
		case err != nil:
			return err
		}
		r.Progress.Say("%s: %d %% of the clients get %s, for %s", r.seen.Route.Nginx, step.Weight, r.plan.Release.To, step.For)
		checks, err := r.bakeChecks(ctx)
		if err != nil {
			return err
		}
		targets, err := r.targetsOf(ctx)
		if err != nil {
			return err
		}
		defer func() { r.reportChecks(checks) }()
		return r.judged(ctx, during, step.For, questions{checks: checks, targets: targets, key: r.Settings.CanaryBy})
	}
}

func (r *run) changedMeanwhile() error {
	return model.Refuse(model.NginxNotSwitched, "someone else changed the configuration of %s during the canary; deploy again once nobody does", r.seen.Route.Nginx)
}

// switchAll gives the release all clients after a canary.
func (r *run) switchAll(ctx context.Context, healthy time.Time) ([]model.Target, error) {
	done, err := r.advance(ctx, model.PhaseCanary, r.plan.Change, r.logFor())
	if errors.Is(err, model.ErrChanged) {
		err = r.changedMeanwhile()
	}
	if err != nil {
		return nil, err
	}
	targets, err := r.targetsOf(ctx)
	if err != nil {
		return nil, err
	}
	return targets, r.served(ctx, done, healthy)
}

// logFor is for how long the requests are logged after the switch.
func (r *run) logFor() time.Duration {
	if r.plan.Judged(r.Settings) && r.plan.Bakes(r.Settings) {
		return r.Settings.Bake.For
	}
	return 0
}

// logAgain has nginx log requests for as long again. It is a reload, and nothing else changes.
func (r *run) logAgain(ctx context.Context, span time.Duration) error {
	_, err := r.advance(ctx, r.journal.Current.Phase, r.change(), span)
	if errors.Is(err, model.ErrChanged) {
		return r.changedMeanwhile()
	}
	return err
}

// change is what the switches of this run have made of nginx's files, from those before the first one. The journal has it;
// before the first switch it is what is planned.
func (r *run) change() model.Change {
	if e := r.journal.Current; e != nil && e.Change != nil {
		return *e.Change
	}
	return r.plan.Change
}

// advance switches nginx from what this run has made of its files to the next change, which begins with the same files
// as the first did. It journals both ends, so that a later run can go back from either. Afterwards the release can still
// lose.
func (r *run) advance(ctx context.Context, phase model.Phase, next model.Change, logFor time.Duration) (done model.Switched, err error) {
	err = r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error {
		targets, err := r.targetsOf(ctx)
		if err != nil {
			return err
		}
		first, before := r.stage != switched, r.change()
		step := next
		if !first {
			step = next.Over(before)
		}
		step.LogFor = logFor
		done, err = r.nginx.Switch(ctx, step, targets, func(change model.Change) error {
			step = change
			return r.enter(ctx, phase, func(e *model.Entry) {
				if first {
					e.Change = &change
				} else {
					e.Step = &change
				}
			})
		})
		if err != nil {
			return err
		}
		if !first {
			step = before.Then(step)
		}
		r.stage = switched
		return r.enter(ctx, phase, func(e *model.Entry) { e.Change, e.Step = &step, nil })
	})
	return done, err
}

// undoStep takes a step back that was not proven: the files are those of the change before it again.
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

// settleCanary points nginx back to the old colour alone, after a run that was killed in its canary.
func (r *run) settleCanary(ctx context.Context, e *model.Entry) error {
	if e.Change == nil {
		return nil
	}
	return r.rollBack(ctx)
}
