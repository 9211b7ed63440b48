package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/gate"
)

// The pull policies of Compose that matter here.
const (
	policyNever   = "never"
	policyBuild   = "build"
	policyMissing = "missing"
	policyAbsent  = "if_not_present"
	policyAlways  = "always"
)

// planImages refuses an image that cannot come, and a service whose health nobody could tell.
func (r *run) planImages() error {
	for _, s := range r.release.Model.Services {
		img, _ := imageOf(r.images, s.Name)
		if img.ID == "" && (r.Settings.NoPull || s.PullPolicy == policyNever || s.PullPolicy == policyBuild) {
			return Refuse(PullFailed, "image %s of %s is not on this engine and must not be pulled (%s)", s.Image, s.Name, whyNotPulled(r.Settings.NoPull, s.PullPolicy))
		}
	}
	return r.refuseUnjudgeable(func(img Image) bool { return img.ID != "" })
}

// refuseUnjudgeable asks the gate about the model alone. An image that is yet to be pulled may bring a healthcheck.
func (r *run) refuseUnjudgeable(known func(Image) bool) error {
	want := slices.DeleteFunc(r.expected(), func(e gate.Expected) bool {
		img, _ := imageOf(r.images, e.Service)
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
	return expected(r.release.Model, r.images, r.Settings.RunningSuffices)
}

func whyNotPulled(noPull bool, policy string) string {
	if noPull {
		return "--no-pull"
	}
	return "pull_policy: " + policy
}

// toPull are the services whose registries are asked. What is used as it is on this engine is noted, once per image.
func (r *run) toPull() (services []string) {
	for _, s := range r.release.Model.Services {
		img, _ := imageOf(r.images, s.Name)
		switch {
		case r.Settings.NoPull, s.PullPolicy == policyNever, s.PullPolicy == policyBuild:
			r.note(Finding{Code: "pull-skipped", Message: fmt.Sprintf("%s is used as it is on this engine (%s)", s.Image, whyNotPulled(r.Settings.NoPull, s.PullPolicy))})
		case img.ID == "", s.PullPolicy == policyAlways:
			services = append(services, s.Name)
		case s.PullPolicy == policyMissing, s.PullPolicy == policyAbsent:
		case !img.FromPull:
			r.note(Finding{Code: "local-image", Message: fmt.Sprintf("%s exists only on this engine (it was built or loaded here) and is used as it is", s.Image)})
		default:
			services = append(services, s.Name)
		}
	}
	return services
}

// pull brings the images. Which tag named what before is journaled first, so that a failed release can give them back.
func (r *run) pull(ctx context.Context) error {
	services := r.toPull()
	if len(services) == 0 {
		return nil
	}
	var before []BroughtImage
	for _, name := range services {
		if img, _ := imageOf(r.images, name); !slices.ContainsFunc(before, func(b BroughtImage) bool { return b.Ref == img.Ref }) {
			before = append(before, BroughtImage{Ref: img.Ref, Before: img.ID})
		}
	}
	if err := r.enter(ctx, PhasePulling, func(e *Entry) { e.Images = before }); err != nil {
		return err
	}
	r.touched = true
	pulling, cancel := context.WithTimeout(ctx, pullLimit)
	defer cancel()
	failed := r.Stack.Pull(pulling, r.release.Model, services)
	r.noteBrought(ctx)
	if failed != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return pullFailed(before, services, failed)
	}
	images, err := r.Stack.Images(ctx, r.release.Model)
	if err != nil {
		return err
	}
	r.images = images
	r.release.Model = r.release.Model.withImages(images)
	return r.refuseUnjudgeable(func(Image) bool { return true })
}

// pullLimit bounds a registry that accepts and does not answer.
const pullLimit = 30 * time.Minute

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

// pullFailed names what was asked for: the registry's error often does not.
func pullFailed(images []BroughtImage, services []string, err error) error {
	refs := make([]string, len(images))
	for i, img := range images {
		refs[i] = img.Ref
	}
	return &RefusedError{Reasons: []Reason{{Code: PullFailed, Service: strings.Join(services, ", "), Message: fmt.Sprintf("pull %s: %s", strings.Join(refs, ", "), Plain(err.Error()))}}}
}
