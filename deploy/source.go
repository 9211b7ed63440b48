package deploy

import (
	"fmt"
	"time"

	"bluegate/deploy/model"
)

// source is where the image of a service comes from.
type source int

const (
	fromEngine   source = iota // it is used as it is
	fromRegistry               // it is pulled
	fromBuild                  // it is built
	fromNowhere                // it is not there, and nothing may bring it
)

// sourceOf follows pull_policy. Without one, a service with a build section is built: a deployment brings what the
// source says now, and for what has not changed the builder has its cache; any other is pulled. An image that no
// registry ever gave a digest exists on this engine only, and nobody could be asked for it. Where the engine cannot tell
// that, it is pulled, and used as it is if no registry serves it: see pullServed.
func sourceOf(s model.Service, img model.Image, noPull bool, now time.Time) source {
	there := img.ID != ""
	if s.Build && s.PullPolicy != model.PolicyAlways && s.PullPolicy != model.PolicyRefresh {
		if there && (s.PullPolicy == model.PolicyNever || s.PullPolicy == model.PolicyMissing || s.PullPolicy == model.PolicyAbsent) {
			return fromEngine
		}
		return fromBuild
	}
	switch {
	case noPull, s.PullPolicy == model.PolicyNever, s.PullPolicy == model.PolicyBuild:
		if there {
			return fromEngine
		}
		return fromNowhere
	case !there, s.PullPolicy == model.PolicyAlways:
		return fromRegistry
	case s.PullPolicy == model.PolicyMissing, s.PullPolicy == model.PolicyAbsent, !img.FromPull:
		return fromEngine
	case s.PullPolicy == model.PolicyRefresh && now.Before(img.Tagged.Add(s.RefreshAfter)):
		return fromEngine
	}
	return fromRegistry
}

// from are the services whose images come from there.
func (r *run) from(where source) (services []string) {
	now := time.Now()
	for _, s := range r.release.Model.Services {
		if img, _ := model.ImageOf(r.images, s.Name); sourceOf(s, img, r.Settings.NoPull, now) == where {
			services = append(services, s.Name)
		}
	}
	return services
}

// noteLocal says what is used as it is on this engine, once per image.
func (r *run) noteLocal() {
	for _, name := range r.from(fromEngine) {
		s, _ := r.release.Model.Service(name)
		img, _ := model.ImageOf(r.images, name)
		switch {
		case r.Settings.NoPull, s.PullPolicy == model.PolicyNever, s.PullPolicy == model.PolicyBuild:
			r.note(model.Finding{Code: "pull-skipped", Message: fmt.Sprintf("%s is used as it is on this engine (%s)", s.Image, whyNotPulled(r.Settings.NoPull, s.PullPolicy))})
		case s.PullPolicy == model.PolicyMissing, s.PullPolicy == model.PolicyAbsent, s.PullPolicy == model.PolicyRefresh:
		case !img.FromPull:
			r.note(model.Finding{Code: "local-image", Message: fmt.Sprintf("%s exists only on this engine (it was built or loaded here) and is used as it is", s.Image)})
		}
	}
}

func whyNotPulled(noPull bool, policy string) string {
	if noPull {
		return "--no-pull"
	}
	return "pull_policy: " + policy
}
