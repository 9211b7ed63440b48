package deploy

import (
	"cmp"
	"context"

	"bluegate/deploy/hooks"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/deploy/stage"
)

// before runs the hooks of a moment. The first that fails refuses the release.
func (r *run) before(ctx context.Context, moment model.Moment) error {
	if len(r.hooks(moment)) == 0 {
		return nil
	}
	return r.step(ctx, string(moment), func(ctx context.Context) error {
		for _, argv := range r.hooks(moment) {
			if err := hooks.Refusal(ctx, r.hook(ctx, moment, argv)); err != nil {
				return err
			}
		}
		return nil
	})
}

// after runs the hooks of a moment at which a failure is only a finding.
func (r *run) after(ctx context.Context, moment model.Moment) {
	for _, argv := range r.hooks(moment) {
		if ctx.Err() != nil {
			return
		}
		r.Progress.Step(string(moment))
		if h := r.hook(ctx, moment, argv); h.Status != "ok" {
			r.note(model.Finding{Code: "hook-failed", Message: h.Failure()})
		}
	}
}

// lastHooks runs the hooks of a command that has ended, an interrupted one too, if it ever held the lock: before that
// it attempted nothing.
func (r *run) lastHooks(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	if r.stage < stage.Locked {
		return
	}
	if r.report.ExitCode != 0 {
		r.after(ctx, model.OnFailure)
	}
	r.after(ctx, model.AfterAll)
}

// hooks are those of the release's colour. A run that ended before it had chosen one uses those of the idle colour. A
// rollback has none before `up`: nothing has to be prepared for a release that ran before. A drill has none: no release
// comes of it.
func (r *run) hooks(moment model.Moment) [][]string {
	if moment == model.BeforeUp && r.command == "rollback" || r.command == "drill" {
		return nil
	}
	return r.Settings.Hooks[r.hookColour()].Commands[moment]
}

// hookColour is the colour whose hooks are run: the release's, or the one that a run which ended early would have made live.
func (r *run) hookColour() model.Colour {
	return cmp.Or(r.plan.Release.To, r.Settings.To, r.seen.Live.Colour.Other(), model.Blue)
}

// hook runs one command, and reports what came of it.
func (r *run) hook(ctx context.Context, moment model.Moment, argv []string) report.Hook {
	env := hooks.Environment(moment, r.plan.From, r.hookColour(), r.seen.Live.Colour, r.report)
	h := hooks.Run(ctx, r.Hooks, moment, argv, env, r.Settings.Hooks[r.hookColour()].Timeout)
	r.report.Hooks = append(r.report.Hooks, h)
	return h
}
