package deploy

import (
	"context"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/pulling"
	"bluegate/deploy/stage"
)

// pull pulls images. Which image each tag named before is journaled first, also for images that are built, so that a
// failed release can give the tags back.
func (r *run) pull(ctx context.Context) error {
	pull, before := r.plan.Pull, r.plan.Tags()
	if len(before) == 0 {
		return nil
	}
	if err := r.enter(ctx, model.PhasePulling, func(e *model.Entry) { e.Images = before }); err != nil {
		return err
	}
	r.stage = stage.Changing
	if len(pull) == 0 {
		return nil
	}
	return r.bring(ctx, func(ctx context.Context) error {
		notServed, err := pulling.Pull(ctx, r.Images, r.plan.Release.Model, pull, r.Progress.Transfer)
		r.note(notServed...)
		return err
	})
}

// build builds the images that are not pulled. They may start from those that were.
func (r *run) build(ctx context.Context) error {
	building := plan.Services(r.plan.Build)
	if len(building) == 0 {
		return nil
	}
	return r.step(ctx, "build", func(ctx context.Context) error {
		return r.bring(ctx, func(ctx context.Context) error {
			return r.Images.Build(ctx, r.plan.Release.Model, building, r.Progress.Transfer)
		})
	})
}

// bringLimit is the longest time for a pull or a build. A registry that does not answer is given up earlier.
const bringLimit = 30 * time.Minute

// bring pulls or builds, journals which images came, and takes over what they say: a service whose health cannot be
// judged is refused.
func (r *run) bring(ctx context.Context, do func(context.Context) error) error {
	bringing, cancel := context.WithTimeout(ctx, bringLimit)
	defer cancel()
	failed := do(bringing)
	pulling.Note(ctx, r.Images, r.plan.Release.Model, r.journal.Current.Images)
	if failed != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return failed
	}
	images, err := r.Images.Images(ctx, r.plan.Release.Model)
	if err != nil {
		return err
	}
	r.plan, err = r.plan.WithImages(images, r.Settings)
	return err
}
