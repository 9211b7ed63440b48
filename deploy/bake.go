package deploy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/asking"
	"bluegate/deploy/baking"
	"bluegate/deploy/model"
)

// bake watches the release while it serves users. The release passes if it is good for bake.for without interruption,
// by the same rules as at the gate; the third interruption refuses it as flapping. In each round it is proven again
// that nginx serves the release.
func (r *run) bake(ctx context.Context, targets []model.Target) error {
	if !r.plan.Bakes(r.Settings) {
		return nil
	}
	return r.step(ctx, "bake", func(ctx context.Context) error {
		all, err := r.bakeChecks(ctx)
		if err != nil {
			return err
		}
		defer func() { r.reportChecks(all) }()
		err = r.judged(ctx, "bake", r.Settings.Bake.For, questions{checks: all, targets: targets})
		r.endJudging(ctx)
		if err != nil {
			return fmt.Errorf("bake: %w", err)
		}
		return r.promote(ctx)
	})
}

// watchServed watches the release for a span, while users are on it. It returns when the span is over or the release has
// failed. Nothing asks any more then.
func (r *run) watchServed(ctx context.Context, span time.Duration, asked questions) error {
	rounds := r.rounds(asked)
	if err := r.decideServed(ctx, span, rounds); err != nil {
		return err
	}
	return rounds.Last(ctx)
}

// decideServed is the span itself: health by Docker's rules, and the rounds next to it. A release that is interrupted begins
// the span again, and has three times the span and a minute for it.
func (r *run) decideServed(ctx context.Context, span time.Duration, rounds baking.Rounds) error {
	w := r.await(ctx, r.plan.BakeExpected(), span, 3*span+time.Minute)
	defer w.End()
	w.Ask(baking.Pause, rounds.Until, rounds.Again)
	return w.Decide()
}

// questions are asked in each round of a bake.
type questions struct {
	checks  []*asking.Run
	targets []model.Target
	key     string // by which a canary tells clients apart
}

// bakeChecks are the checks before the switch, and those that are asked in the bake only.
func (r *run) bakeChecks(ctx context.Context) ([]*asking.Run, error) {
	containers, err := r.ofRelease(ctx)
	if err != nil {
		return nil, err
	}
	return r.checkRuns("bake", r.plan.Release.To, slices.Concat(r.plan.Checks, r.plan.InBake), containers)
}

// rounds are what is asked in a bake.
func (r *run) rounds(asked questions) baking.Rounds {
	return baking.Rounds{
		Release: r.plan.Release.To,
		Prove:   func(ctx context.Context) error { return r.proveServed(ctx, asked.targets) },
		Ask:     func(ctx context.Context) error { return asking.All(ctx, r.Checks, asked.checks) },
		Judge:   func(ctx context.Context) error { return r.look(ctx, asked) },
		Adopt:   r.adoptEdit,
		Say:     r.Progress.Say,
	}
}

// proveServed proves the switch again: the configuration is the one that was written, nginx has loaded it, and from
// where nginx runs now its names lead to the release. If someone put the old configuration back, the release is
// refused; any other edit is baking.ErrEdited.
func (r *run) proveServed(ctx context.Context, targets []model.Target) error {
	state, err := r.nginx.Compare(ctx, r.change())
	switch {
	case err != nil:
		return err
	case state == model.ChangeNginxGone:
		return &model.UnreachableError{What: "nginx", Err: fmt.Errorf("%s is not there", r.seen.Route.Nginx)}
	case state == model.ChangeNotApplied:
		return model.Refuse(model.NginxNotSwitched, "someone put the configuration of %s back during the bake of %s, as it was before the switch", r.seen.Route.Nginx, r.plan.Release.To)
	case state == model.ChangeConflict:
		return baking.ErrEdited
	}
	return r.nginx.Reach(ctx, targets)
}

// adoptEdit takes nginx's lock, so that what is there now is not half of another project's switch, and adopts an edit
// that still names the release. Another project's lock that lasts says nothing about the release.
func (r *run) adoptEdit(ctx context.Context) error {
	served := false
	err := r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) (err error) {
		served, err = r.adopt(ctx)
		return err
	})
	switch {
	case model.Is[*model.LockedError](err):
		return &model.UnreachableError{What: "nginx", Err: err}
	case err == nil && !served:
		return &model.ManualActionError{Err: fmt.Errorf("someone else edited the configuration of %s during the bake of %s; it is left as it is, and both colours keep running: decide which is to be live, make the configuration name it, reload nginx", r.seen.Route.Nginx, r.plan.Release.To), Run: "bluegate settle"}
	}
	return err
}

// settleBake decides about a release whose bake was cut short. It had not passed, so nginx is pointed back, unless the
// old colour is not healthy any more and the release is.
func (r *run) settleBake(ctx context.Context, e *model.Entry) (kept bool, err error) {
	if r.seen.Served() == e.From {
		if state, err := r.nginx.Compare(ctx, *e.Change); err != nil || state == model.ChangeConflict { // pointed back by hand
			return false, err
		}
	}
	old, err := r.healthOf(ctx, e.From)
	if err != nil {
		return false, err
	}
	if len(old) > 0 {
		fresh, err := r.healthOf(ctx, e.To)
		if err == nil && len(fresh) > 0 {
			err = r.neitherHealthy(old)
		}
		return err == nil, err
	}
	return false, r.rollBack(ctx)
}
