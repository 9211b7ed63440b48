package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/redact"
)

// pull pulls images. Which image each tag named before is journaled first, also for images that are built, so that a
// failed release can give the tags back.
func (r *run) pull(ctx context.Context) error {
	pull := r.plan.Pull
	var before []model.PulledImage
	for _, img := range slices.Concat(pull, r.plan.Build) {
		held, _ := model.ImageOf(r.plan.Images, img.Services[0])
		before = append(before, model.PulledImage{Ref: img.Ref, Before: held.ID})
	}
	if len(before) == 0 {
		return nil
	}
	if err := r.enter(ctx, model.PhasePulling, func(e *model.Entry) { e.Images = before }); err != nil {
		return err
	}
	r.stage = changing
	if len(pull) == 0 {
		return nil
	}
	return r.bring(ctx, func(ctx context.Context) error { return r.pullServed(ctx, pull) })
}

// pullServed pulls images. One that its registry does not serve is used as it is on the engine, unless a pull_policy
// insists on pulling it. What a registry serves has to come.
func (r *run) pullServed(ctx context.Context, images []plan.Image) error {
	failed := r.Images.Pull(ctx, r.plan.Release.Model, plan.Services(images), r.Progress.Transfer)
	if failed == nil {
		return nil
	}
	dispensable := slices.DeleteFunc(slices.Clone(images), func(img plan.Image) bool { return !img.Dispensable })
	offered := r.askRegistries(ctx, dispensable)
	served := slices.DeleteFunc(slices.Clone(images), func(img plan.Image) bool { return offered[img.Ref] != nil })
	switch {
	case ctx.Err() != nil, len(served) == len(images), unanswered(offered) != nil:
		return pullFailed(images, failed)
	case len(served) > 0:
		if failed = r.Images.Pull(ctx, r.plan.Release.Model, plan.Services(served), r.Progress.Transfer); failed != nil {
			return pullFailed(served, failed)
		}
	}
	for _, img := range images {
		if why := offered[img.Ref]; why != nil {
			r.note(plan.NotServed(img.Ref, why))
		}
	}
	return nil
}

// unanswered is the error of an engine that did not answer.
func unanswered(offered map[string]error) error {
	var unreachable *model.UnreachableError
	for _, err := range offered {
		if errors.As(err, &unreachable) {
			return unreachable
		}
	}
	return nil
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
	r.noteBrought(ctx)
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

// noteBrought notes which images came, also after a pull that failed or was interrupted. Only what is noted is ever
// removed: someone else may bring an image of the same name.
func (r *run) noteBrought(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	images, err := r.Images.Images(ctx, r.plan.Release.Model)
	if err != nil {
		return
	}
	brought := r.journal.Current.Images
	for i, b := range brought {
		for _, img := range images {
			if img.Ref == b.Ref && img.ID != b.Before {
				brought[i].ID = img.ID
			}
		}
	}
}

// pullFailed names the images and services. The registry's error often does not.
func pullFailed(images []plan.Image, err error) error {
	var refs []string
	for _, img := range images {
		refs = append(refs, img.Ref)
	}
	return &model.RefusedError{Reasons: []model.Reason{{Code: model.PullFailed, Service: strings.Join(plan.Services(images), ", "), Message: fmt.Sprintf("pull %s: %s", strings.Join(refs, ", "), redact.Sanitize(err.Error()))}}}
}
