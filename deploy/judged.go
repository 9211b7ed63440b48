package deploy

import (
	"context"
	"time"

	"bluegate/deploy/judge"
	"bluegate/deploy/judging"
	"bluegate/deploy/model"
)

// beginJudging begins to receive what nginx logs, before a switch has it log anything.
func (r *run) beginJudging(ctx context.Context) {
	if r.judging == nil && r.plan.Judged(r.Settings) && r.seen.Route.Requests != nil {
		r.judging = judging.New(r.Requests, *r.seen.Route.Requests, *r.Settings.Judge)
		r.judging.Listen(ctx)
	}
}

// endJudging ends that. It may be called when nothing was begun.
func (r *run) endJudging(ctx context.Context) {
	if r.judging != nil {
		r.judging.End(context.WithoutCancel(ctx))
		r.judging = nil
	}
}

// judged watches the release for a span while users are on it, and judges it by what they met. If too few requests tell,
// judge.too_few decides: nginx may be told to log for as long again.
func (r *run) judged(ctx context.Context, during string, span time.Duration, asked questions) error {
	if r.judging == nil {
		return r.watchServed(ctx, span, asked)
	}
	old, err := r.targetsOfOld(ctx)
	if err != nil {
		return err
	}
	v, err := r.judging.Watch(ctx, old, asked.targets, func(ctx context.Context) error { return r.watchServed(ctx, span, asked) }, func(ctx context.Context, v judge.Verdict) error {
		r.Progress.Say("%s: %s; waiting for more, for %s", during, v.Summary(), span)
		return r.logAgain(ctx, span)
	})
	if err == nil && v.Decision == judge.CannotTell {
		r.note(model.Finding{Code: "not-judged", Message: during + ": " + judging.CannotTell(v).Error() + "; it passes (judge.too_few: pass)"})
	}
	v.During = during
	r.report.Verdicts = append(r.report.Verdicts, v)
	r.Progress.Say("%s: %s: %s", during, v.Decision, v.Summary())
	return err
}

// look judges the release by what has come so far.
func (r *run) look(ctx context.Context, asked questions) error {
	if r.judging == nil {
		return nil
	}
	if err := r.judging.Look(ctx); err != nil {
		return err
	}
	if asked.key != "" {
		return r.judging.ConstantKey(asked.key)
	}
	return nil
}
