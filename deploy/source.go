package deploy

import (
	"fmt"
	"time"
)

// The pull policies of Compose that matter here.
const (
	policyNever   = "never"
	policyBuild   = "build"
	policyMissing = "missing"
	policyAbsent  = "if_not_present"
	policyAlways  = "always"
	policyRefresh = "refresh" // daily, weekly and every_…, too
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
func sourceOf(s Service, img Image, noPull bool, now time.Time) source {
	there := img.ID != ""
	if s.Build && s.PullPolicy != policyAlways && s.PullPolicy != policyRefresh {
		if there && (s.PullPolicy == policyNever || s.PullPolicy == policyMissing || s.PullPolicy == policyAbsent) {
			return fromEngine
		}
		return fromBuild
	}
	switch {
	case noPull, s.PullPolicy == policyNever, s.PullPolicy == policyBuild:
		if there {
			return fromEngine
		}
		return fromNowhere
	case !there, s.PullPolicy == policyAlways:
		return fromRegistry
	case s.PullPolicy == policyMissing, s.PullPolicy == policyAbsent, !img.FromPull:
		return fromEngine
	case s.PullPolicy == policyRefresh && now.Before(img.Tagged.Add(s.RefreshAfter)):
		return fromEngine
	}
	return fromRegistry
}

// from are the services whose images come from there.
func (r *run) from(where source) (services []string) {
	now := time.Now()
	for _, s := range r.release.Model.Services {
		if img, _ := imageOf(r.images, s.Name); sourceOf(s, img, r.Settings.NoPull, now) == where {
			services = append(services, s.Name)
		}
	}
	return services
}

// noteLocal says what is used as it is on this engine, once per image.
func (r *run) noteLocal() {
	for _, name := range r.from(fromEngine) {
		s, _ := r.release.Model.Service(name)
		img, _ := imageOf(r.images, name)
		switch {
		case r.Settings.NoPull, s.PullPolicy == policyNever, s.PullPolicy == policyBuild:
			r.note(Finding{Code: "pull-skipped", Message: fmt.Sprintf("%s is used as it is on this engine (%s)", s.Image, whyNotPulled(r.Settings.NoPull, s.PullPolicy))})
		case s.PullPolicy == policyMissing, s.PullPolicy == policyAbsent, s.PullPolicy == policyRefresh:
		case !img.FromPull:
			r.note(Finding{Code: "local-image", Message: fmt.Sprintf("%s exists only on this engine (it was built or loaded here) and is used as it is", s.Image)})
		}
	}
}

func whyNotPulled(noPull bool, policy string) string {
	if noPull {
		return "--no-pull"
	}
	return "pull_policy: " + policy
}
