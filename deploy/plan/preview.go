package plan

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// WaitsWords say which release waits, and until when.
func WaitsWords(e *model.Entry, now time.Time) string {
	until := e.Preview.Until.UTC().Format(time.RFC3339)
	if e.Preview.Over(now) {
		return fmt.Sprintf("release %s of %s waited to be promoted until %s, and is removed by the next deployment, `bluegate settle` or `bluegate watch`", e.Release, e.To, until)
	}
	return fmt.Sprintf("release %s of %s waits to be promoted, until %s", e.Release, e.To, until)
}

// Waiting is what is known of the Plan of a release that waited before anything is asked.
func Waiting(e *model.Entry) Plan {
	p := Plan{Release: model.Release{ID: e.Release, To: e.To, Model: e.Preview.Passed.Model}, From: e.From, Keep: e.Keep, Waited: true}
	for _, k := range e.Preview.Passed.Kept {
		if _, known := model.ImageOf(p.Images, k.Service); !known {
			p.Images = append(p.Images, model.Image{Service: k.Service, Ref: k.Image, ID: k.Digest})
		}
	}
	return p
}

// ChooseWaiting begins the Plan that makes the release live that waits. It refuses where nginx does not name the colour
// that was live when the release began to wait.
func ChooseWaiting(o Observation, e *model.Entry) (Plan, error) {
	p := Waiting(e)
	for i, img := range p.Images { // the healthchecks that its containers really have
		for _, c := range o.Of(e.To) {
			if c.Service == img.Service && c.Release == e.Release {
				p.Images[i].Probe = c.Probe
			}
		}
	}
	if len(e.Set) > 0 {
		p.find(setForOne("release "+e.Release, e.Set))
	}
	switch err := o.liveKnown(); {
	case o.Route.State == model.RouterAbsent:
		return p, &model.UnreachableError{What: "nginx", Err: errors.New(o.noNginx())}
	case o.Route.Refusal != nil:
		return p, o.Route.Refusal
	case err != nil:
		return p, err
	case o.Route.Names != e.From:
		return p, model.Refuse(model.LiveUnknown, "the configuration of %s names %s, and %s was live when release %s began to wait; someone edited it: make it name %[3]s, reload nginx, then promote", o.Route.Nginx, OrNone(o.Route.Names), e.From, e.Release)
	}
	return p, nil
}

// Changed says how the containers of a release differ from those that passed the gate: someone removed or recreated some.
func Changed(passed model.ReleaseRecord, containers []model.Container) []model.Reason {
	var reasons []model.Reason
	for _, k := range passed.Kept {
		there := func(c model.Container) bool { return c.ID == k.ID }
		if slices.ContainsFunc(containers, there) {
			continue
		}
		reason := model.Reason{Code: model.Vanished, Service: k.Service, Container: k.Name, Message: "it passed the gate, and someone removed it while the release waited"}
		if slices.ContainsFunc(containers, func(c model.Container) bool { return c.Name == k.Name }) {
			reason.Message = "it is not the container that passed the gate: Compose recreated it while the release waited"
		}
		reasons = append(reasons, reason)
	}
	return reasons
}

// StillExpected is what the gate is to find of a release that runs already: one-shot services have done their work.
func (p Plan) StillExpected() []gate.Expected {
	return slices.DeleteFunc(slices.Clone(p.Expected), func(e gate.Expected) bool { return e.OneShot })
}

// BakeExpected is StillExpected where users are on the release: the least age, which counts from the start of a container, is
// behind it.
func (p Plan) BakeExpected() []gate.Expected {
	still := p.StillExpected()
	for i := range still {
		still[i].Age = 0
	}
	return still
}

// Passed is the record of this plan's release, which passed, with its containers.
func (p Plan) Passed(app model.Application, containers []model.Container) model.ReleaseRecord {
	passed := Observation{Application: app.With(p.Release.Model), Containers: containers}.AsRun(p.Release.To)
	passed.Release, passed.Model = p.Release.ID, p.Release.Model
	return passed
}
