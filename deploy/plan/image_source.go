package plan

import (
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// Image is an image that is pulled or built, for which services, and why.
type Image struct {
	Ref      string
	Services []string
	Cause    string
	// Dispensable says that it is on the engine, and that no pull_policy insists on pulling it: where its registry does not
	// serve it, it is used as it is. An engine with containerd's image store says of every image that it came from a
	// registry.
	Dispensable bool
}

// Services are those of images.
func Services(images []Image) (names []string) {
	for _, img := range images {
		names = append(names, img.Services...)
	}
	return names
}

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
// registry ever gave a digest exists on this engine only, and no registry has it. Where the engine cannot tell
// that, it is pulled, and used as it is if no registry serves it.
func sourceOf(s model.Service, img model.Image, noPull bool, now time.Time) (from source, cause string) {
	there, policy := img.ID != "", "pull_policy: "+s.PullPolicy
	if noPull {
		policy = "--no-pull"
	}
	if s.Build && s.PullPolicy != model.PolicyRefresh {
		if there && (s.PullPolicy == model.PolicyNever || s.PullPolicy == model.PolicyMissing || s.PullPolicy == model.PolicyAbsent) {
			return fromEngine, policy
		}
		return fromBuild, "it has a build section"
	}
	switch {
	case noPull, s.PullPolicy == model.PolicyNever, s.PullPolicy == model.PolicyBuild:
		if there {
			return fromEngine, policy
		}
		return fromNowhere, policy
	case !there:
		return fromRegistry, "it is not on this engine"
	case s.PullPolicy == model.PolicyAlways:
		return fromRegistry, policy
	case s.PullPolicy == model.PolicyMissing, s.PullPolicy == model.PolicyAbsent:
		return fromEngine, policy
	case !img.FromPull:
		return fromEngine, "it exists only on this engine"
	case s.PullPolicy == model.PolicyRefresh && now.Before(img.Tagged.Add(s.RefreshAfter)):
		return fromEngine, policy
	}
	return fromRegistry, "its registry may have a newer one"
}

// planImages decides which images are pulled and which built. It refuses an image that cannot come, and a service whose
// health could not be judged.
func (p *Plan) planImages(o Observation, s Settings) error {
	for _, service := range p.Release.Model.Services {
		img, _ := model.ImageOf(p.Images, service.Name)
		switch from, cause := sourceOf(service, img, s.NoPull, o.At); from {
		case fromNowhere:
			return model.Refuse(model.PullFailed, "image %s of %s is not on this engine and must not be pulled (%s)", service.Image, service.Name, cause)
		case fromRegistry:
			insisted := img.ID == "" || service.PullPolicy == model.PolicyAlways || service.PullPolicy == model.PolicyRefresh
			p.Pull = withImage(p.Pull, Image{img.Ref, []string{service.Name}, cause, !insisted})
		case fromBuild:
			p.Build = withImage(p.Build, Image{img.Ref, []string{service.Name}, cause, false})
		case fromEngine:
			p.noteLocal(service, img, s.NoPull, cause)
		}
		p.Create = append(p.Create, Action{fmt.Sprintf("%d × %s", service.Replicas, service.Name), "every release has containers of its own"})
	}
	for _, c := range o.Of(p.Release.To) {
		cause := "release " + c.Release + " left it in the place of the new one"
		if c.Release == "" {
			cause = "it is in the place of the release, and was not started by bluegate"
		}
		p.Replace = append(p.Replace, Container{c, cause})
	}
	building := Services(p.Build)
	return p.refuseUnjudgeable(s, func(img model.Image) bool { return img.ID != "" && !slices.Contains(building, img.Service) })
}

// withImage adds an image, once.
func withImage(images []Image, img Image) []Image {
	for i, known := range images {
		if known.Ref == img.Ref {
			images[i].Services = append(known.Services, img.Services...)
			images[i].Dispensable = known.Dispensable && img.Dispensable
			return images
		}
	}
	return append(images, img)
}

// noteLocal says what is used as it is on this engine.
func (p *Plan) noteLocal(s model.Service, img model.Image, noPull bool, cause string) {
	switch {
	case noPull, s.PullPolicy == model.PolicyNever, s.PullPolicy == model.PolicyBuild:
		p.find(model.Finding{Code: "pull-skipped", Message: fmt.Sprintf("%s is used as it is on this engine (%s)", s.Image, cause)})
	case s.PullPolicy == model.PolicyMissing, s.PullPolicy == model.PolicyAbsent, s.PullPolicy == model.PolicyRefresh:
	case !img.FromPull:
		p.find(model.Finding{Code: "local-image", Message: fmt.Sprintf("%s exists only on this engine (it was built or loaded here) and is used as it is", s.Image)})
	}
}

// WithImages is the Plan after images came: they may have brought healthchecks, and ports. A service whose health cannot
// be judged is refused.
func (p Plan) WithImages(images []model.Image, s Settings) (Plan, error) {
	p.Images = images
	p.Release.Model = p.Release.Model.WithImages(images)
	p.Expected = p.expected(s)
	return p, p.refuseUnjudgeable(s, func(img model.Image) bool { return img.ID != "" })
}

// refuseUnjudgeable asks the gate about the model alone. An image that is yet to come may bring a healthcheck.
func (p *Plan) refuseUnjudgeable(s Settings, known func(model.Image) bool) error {
	want := slices.DeleteFunc(p.expected(s), func(e gate.Expected) bool {
		img, _ := model.ImageOf(p.Images, e.Service)
		return !known(img) && e.Probe == nil
	})
	if len(want) == 0 {
		return nil
	}
	now := time.Now()
	if v := gate.New(want, 0, now.Add(time.Hour)).Verdict(now); v.Decision == gate.Refused {
		return Refusal(v)
	}
	return nil
}

// Offered is the Plan after the registries were asked, and pulled nothing. What they do not serve is used as it is, or
// refused.
func (p Plan) Offered(answers map[string]error) (Plan, error) {
	refused := &model.RefusedError{}
	var pull []Image
	for _, img := range p.Pull {
		switch err := answers[img.Ref]; {
		case err == nil:
			pull = append(pull, img)
		case model.Is[*model.NotOfferedError](err) && img.Dispensable:
			p.find(NotServed(img.Ref, err))
		case model.Is[*model.NotOfferedError](err):
			refused.Reasons = append(refused.Reasons, model.Reason{Code: model.PullFailed, Message: fmt.Sprintf("pull %s: %s", img.Ref, redact.Sanitize(err.Error()))})
		default:
			pull = append(pull, img)
			p.find(notAsked(img, err))
		}
	}
	if p.Pull = pull; len(refused.Reasons) > 0 {
		return p, refused
	}
	return p, nil
}

// NotServed says that an image is used as it is on the engine, and why.
func NotServed(ref string, why error) model.Finding {
	return model.Finding{Code: "local-image", Message: fmt.Sprintf("%s is used as it is on this engine (it was not pulled: %s); `pull_policy: always` refuses that, and `never` does not ask", ref, redact.Sanitize(why.Error()))}
}

// notAsked says that it is not known whether an image can be pulled.
func notAsked(img Image, why error) model.Finding {
	then := "a deployment is refused if it cannot pull it"
	if img.Dispensable {
		then = "a deployment that cannot pull it uses the image that is on this engine"
	}
	return model.Finding{Code: "not-checked", Message: fmt.Sprintf("whether %s can be pulled was not checked: %s; %s", img.Ref, redact.Sanitize(why.Error()), then)}
}

// Tags are the images that are pulled or built, with the image that each tag names before.
func (p Plan) Tags() (before []model.PulledImage) {
	for _, img := range slices.Concat(p.Pull, p.Build) {
		held, _ := model.ImageOf(p.Images, img.Services[0])
		before = append(before, model.PulledImage{Ref: img.Ref, Before: held.ID})
	}
	return before
}
