package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// planImages refuses an image that cannot come, and a service whose health nobody could tell.
func (r *run) planImages() error {
	for _, s := range r.release.Model.Services {
		img, _ := model.ImageOf(r.images, s.Name)
		if sourceOf(s, img, r.Settings.NoPull, time.Now()) == fromNowhere {
			return model.Refuse(model.PullFailed, "image %s of %s is not on this engine and must not be pulled (%s)", s.Image, s.Name, whyNotPulled(r.Settings.NoPull, s.PullPolicy))
		}
	}
	building := r.from(fromBuild)
	return r.refuseUnjudgeable(func(img model.Image) bool { return img.ID != "" && !slices.Contains(building, img.Service) })
}

// refuseUnjudgeable asks the gate about the model alone. An image that is yet to come may bring a healthcheck.
func (r *run) refuseUnjudgeable(known func(model.Image) bool) error {
	want := slices.DeleteFunc(r.expected(), func(e gate.Expected) bool {
		img, _ := model.ImageOf(r.images, e.Service)
		return !known(img) && e.Probe == nil
	})
	if len(want) == 0 {
		return nil
	}
	now := time.Now()
	if v := gate.New(want, 0, now.Add(time.Hour)).Verdict(now); v.Decision == gate.Refused {
		return r.refusal(v)
	}
	return nil
}

func (r *run) expected() []gate.Expected {
	// Who gives a check has said how else it is to be known that a colour is well.
	given := len(r.Settings.Checks[r.release.To]) > 0
	return expected(r.release.Model, r.images, r.Settings.RunningSuffices || given)
}

// pull brings the images that come from a registry. Which tag named what before is journaled first, also for what is to
// be built, so that a failed release can give them back.
func (r *run) pull(ctx context.Context) error {
	r.noteLocal()
	services, building := r.from(fromRegistry), r.from(fromBuild)
	if len(services)+len(building) == 0 {
		return nil
	}
	var before []model.PulledImage
	for _, name := range slices.Concat(services, building) {
		if img, _ := model.ImageOf(r.images, name); !slices.ContainsFunc(before, func(b model.PulledImage) bool { return b.Ref == img.Ref }) {
			before = append(before, model.PulledImage{Ref: img.Ref, Before: img.ID})
		}
	}
	if err := r.enter(ctx, model.PhasePulling, func(e *model.Entry) { e.Images = before }); err != nil {
		return err
	}
	r.touched = true
	r.building = building
	if len(services) == 0 {
		return nil
	}
	return r.bring(ctx, func(ctx context.Context) error { return r.pullServed(ctx, services) })
}

// pullServed pulls, and uses an image as it is on the engine where its registry does not serve it and no pull_policy
// insists. What a registry serves has to come.
func (r *run) pullServed(ctx context.Context, services []string) error {
	failed := r.Stack.Pull(ctx, r.release.Model, services)
	if failed == nil {
		return nil
	}
	local := map[string]error{}
	for ref, offered := range r.askRegistries(ctx, r.dispensable(services)) {
		if offered != nil {
			local[ref] = offered
		}
	}
	rest := slices.DeleteFunc(slices.Clone(services), func(name string) bool {
		img, _ := model.ImageOf(r.images, name)
		return local[img.Ref] != nil
	})
	switch {
	case ctx.Err() != nil, len(local) == 0, unanswered(local) != nil:
		return pullFailed(r.refs(services), services, failed)
	case len(rest) > 0:
		if failed = r.Stack.Pull(ctx, r.release.Model, rest); failed != nil {
			return pullFailed(r.refs(rest), rest, failed)
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(local)) {
		r.note(notServed(ref, local[ref]))
	}
	return nil
}

// unanswered is the error of an engine that could not be asked.
func unanswered(offered map[string]error) error {
	var silent *model.UnreachableError
	for _, err := range offered {
		if errors.As(err, &silent) {
			return silent
		}
	}
	return nil
}

// build builds what is not pulled; it may start from what was.
func (r *run) build(ctx context.Context) error {
	if len(r.building) == 0 {
		return nil
	}
	return r.step(ctx, "build", func(ctx context.Context) error {
		return r.bring(ctx, func(ctx context.Context) error { return r.Stack.Build(ctx, r.release.Model, r.building) })
	})
}

// bringLimit bounds a pull and a build. A registry that has fallen silent is given up long before.
const bringLimit = 30 * time.Minute

// bring does what brings images, notes which came, and asks the gate again about what they brought.
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
	images, err := r.Stack.Images(ctx, r.release.Model)
	if err != nil {
		return err
	}
	r.images = images
	r.release.Model = r.release.Model.WithImages(images)
	return r.refuseUnjudgeable(func(img model.Image) bool { return img.ID != "" })
}

// noteBrought notes which images came, also of a pull that failed or was cut short. Only what is noted is ever removed:
// somebody else may bring an image under the same name.
func (r *run) noteBrought(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	images, err := r.Stack.Images(ctx, r.release.Model)
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

// refs are the images of services, each once.
func (r *run) refs(services []string) (refs []string) {
	for _, name := range services {
		if img, _ := model.ImageOf(r.images, name); !slices.Contains(refs, img.Ref) {
			refs = append(refs, img.Ref)
		}
	}
	return refs
}

// pullFailed names what was asked for: the registry's error often does not.
func pullFailed(refs, services []string, err error) error {
	return &model.RefusedError{Reasons: []model.Reason{{Code: model.PullFailed, Service: strings.Join(services, ", "), Message: fmt.Sprintf("pull %s: %s", strings.Join(refs, ", "), redact.Sanitize(err.Error()))}}}
}
