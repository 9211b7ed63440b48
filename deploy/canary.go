package deploy

import (
	"context"
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
	var step model.CanaryStep
	targets, err := r.advance(ctx, model.PhaseCanary, func() (model.Change, time.Duration, error) {
		if i >= len(r.plan.Change.Steps) {
			return model.Change{}, 0, model.Refuse(model.NginxNotSwitched, "the configuration of %s changed, and the canary cannot be planned again; deploy again", r.seen.Route.Nginx)
		}
		step = r.plan.Change.Steps[i]
		return step.Change, step.For, nil
	}, r.stays(model.PhaseCanary))
	if err != nil {
		return err
	}
	r.Progress.Say("%s: %d %% of the clients get %s, for %s", r.seen.Route.Nginx, step.Weight, r.plan.Release.To, step.For)
	checks, err := r.bakeChecks(ctx)
	if err != nil {
		return err
	}
	defer func() { r.reportChecks(checks) }()
	return r.judged(ctx, during, step.For, questions{checks: checks, targets: targets, key: r.Settings.CanaryBy})
}

// stays journals a switch after which the run is where it was: the release can still lose.
func (r *run) stays(phase model.Phase) func(context.Context, model.Switched) error {
	return func(ctx context.Context, _ model.Switched) error { return r.enter(ctx, phase, nil) }
}

// logAgain has nginx log requests for as long again. It is a reload, and nothing else changes.
func (r *run) logAgain(ctx context.Context, span time.Duration) error {
	phase := r.journal.Current.Phase
	_, err := r.advance(ctx, phase, func() (model.Change, time.Duration, error) { return r.change(), span, nil }, r.stays(phase))
	return err
}
