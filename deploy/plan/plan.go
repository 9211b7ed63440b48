package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// Plan is what a deployment or a rollback does, in its order, each with its cause.
type Plan struct {
	Release  model.Release
	From     model.Colour // that is live; None: no colour is
	First    bool         // no colour's container runs
	Drill    bool         // the release is a copy of the live one, and never stays
	Drains   bool         // the colour that is to become live was about to retire
	Waited   bool         // the release runs already, and waited to be promoted
	Pull     []Image
	Build    []Image
	Replace  []Container // in the release's place, and not its own: they are removed
	Create   []Action
	Start    []Container // that were kept
	Change   model.Change
	Keep     model.Keep  // what becomes of the old colour
	Stop     []Container // of the old colour
	Images   []model.Image
	Expected []gate.Expected
	Reached  []string      // the services to which nginx sends requests
	Checks   []check.Check // before the switch
	InBake   []check.Check // in addition to those
	Names    []model.HeldName
	Workers  []string // of nginx, before anything was done
	Named    []string // the places at which nginx's files named the release's colour then
	Findings []model.Finding
}

// Action is one thing that is done, and why.
type Action struct{ What, Cause string }

// Container is a container to which something is done, and why.
type Container struct {
	model.Container
	Cause string
}

// Choose begins the Plan of a deployment: it decides which colour becomes live. On a refusal the Plan says how far that
// came, as everywhere in this package.
func Choose(o Observation, s Settings, release string) (Plan, error) {
	p := Plan{Release: model.Release{ID: release}, From: o.Live.Colour, First: o.First(), Keep: s.Keep, Findings: slices.Clone(o.Application.Findings)}
	if err := o.liveKnown(); err != nil {
		p.From = model.None
		return p, err
	}
	to := cmp.Or(s.To, p.From.Other(), o.Route.Names, model.Blue)
	p.Release.To, p.Release.Model = to, o.Application.Models[to]
	p.Images = o.Images[to]
	if len(s.Set) > 0 {
		p.find(setForOne("this release", s.Set))
	}
	if s.UntilPreview && p.From == model.None {
		return p, model.Invalid("no colour is live (%s), so users would meet the release as soon as it runs, and nothing could wait next to it; make the first one live with `bluegate deploy`, without --until preview", o.Live.By)
	}
	if to == p.From {
		return p, model.Invalid("%s is live already (%s); deploy %s, or let bluegate choose with `bluegate deploy`", to, o.Live.By, to.Other())
	}
	return p, nil
}

// setForOne says which variables a release was given that the Compose files and the environment do not have.
func setForOne(release string, set []string) model.Finding {
	return model.Finding{Code: "set", Message: fmt.Sprintf("%s has %s, which was given to its deployment alone (--set)", release, strings.Join(set, ", "))}
}

// Make completes a Plan that was begun with Choose or ChooseBack. It refuses whatever can be known before anything is
// touched.
func (p Plan) Make(o Observation, s Settings) (Plan, error) {
	p.Reached = o.reached(p.Release.To)
	if err := p.planChecks(o, s); err != nil {
		return p, err
	}
	do := p.planImages
	switch {
	case p.Waited: // nothing is brought or created
		do = func(Observation, Settings) error { return nil }
	case p.Release.Back != nil:
		do = p.planRetained
	case p.Drill:
		do = p.planDrill
	}
	if err := do(o, s); err != nil {
		return p, err
	}
	if err := p.planSwitch(o); err != nil {
		return p, err
	}
	if err := p.planJudge(o, s); err != nil {
		return p, err
	}
	if err := p.replaceable(o); err != nil {
		return p, err
	}
	p.Expected, p.Workers, p.Named = p.expected(s), o.Route.Workers, o.Route.LeadsTo(p.Release.To)
	p.planStop(o)
	p.notePlaces(o.Route)
	return p, nil
}

// notePlaces tells of places that name the release's colour and that no switch changes.
func (p *Plan) notePlaces(route model.Route) {
	for _, m := range route.Unpaired(p.Release.To) {
		if m.Passing { // the switch takes it away
			continue
		}
		p.find(model.Finding{
			Code: string(model.AddressLeftOver), Place: m.Place, Message: fmt.Sprintf("the configuration of %s names %s in a place that no switch changes: %s", route.Nginx, p.Release.To, m),
			Cost: "the next deployment is refused", Remedy: m.Remedy,
		})
	}
}

// SwitchAgain is a Plan that was made, with its switch planned again over nginx's files as they are observed now.
func (p Plan) SwitchAgain(o Observation, s Settings) (Plan, error) {
	err := p.planSwitch(o)
	p.Expected = p.expected(s)
	return p, err
}

// planSwitch takes the change of nginx's configuration over. Without nginx only a first deployment makes sense.
func (p *Plan) planSwitch(o Observation) error {
	nginx, missing := o.Route.Nginx, o.Route.Missing
	switch state := o.Route.State; {
	case state == model.RouterAbsent && missing != nil && (!p.First || len(missing.Mentions) > 0):
		return &model.UnreachableError{What: "nginx", Err: fmt.Errorf("%s; %s", missing, missing.Remedy())}
	case state == model.RouterAbsent && missing != nil:
		p.find(model.Finding{Code: "nginx-absent", Place: missing.Place, Message: fmt.Sprintf("%s yet: the colour is brought up, and nothing is switched; %s", missing, missing.Remedy())})
		return nil
	case state == model.RouterAbsent && !p.First:
		return &model.UnreachableError{What: "nginx", Err: fmt.Errorf("containers of the application run, but %s; start nginx on a network of theirs, or name its container in bluegate.yml (nginx.container), or label it (bluegate.nginx)", o.noNginx())}
	case state == model.RouterAbsent:
		p.find(model.Finding{Code: "nginx-absent", Message: o.noNginx() + ": the colour is brought up, and nothing is switched"})
		return nil
	case state == model.RouterStopped && !p.First:
		return &model.UnreachableError{What: "nginx", Err: fmt.Errorf("%s does not run, though containers of the application do; look at `docker logs`, start it, then deploy", nginx)}
	case state == model.RouterStopped:
		p.find(model.Finding{Code: "nginx-stopped", Message: nginx + " does not run; it is started once the colour is healthy"})
	}
	p.Change, p.Names = o.Change, o.names()
	return o.Unswitchable
}

// replaceable refuses to replace containers that run and may have users.
func (p *Plan) replaceable(o Observation) error {
	to, used := p.Release.To, slices.ContainsFunc(p.Replace, func(c Container) bool { return c.InUse() })
	switch {
	case o.Route.Draining > 0 && p.Release.Back != nil && len(p.Replace) > 0:
		return model.Refuse(model.StillDraining, "%d old workers of %s are still answering requests that may be on %s, whose containers a rollback replaces; wait until they have ended", o.Route.Draining, o.Route.Nginx, to)
	case o.Route.Draining > 0 && used:
		return model.Refuse(model.StillDraining, "%d old workers of %s are still answering requests that may be on %s; wait until they have ended, then run `bluegate settle`", o.Route.Draining, o.Route.Nginx, to)
	case used:
		return o.NothingLeadsTo(o.Route, to)
	}
	return nil
}

// planStop says what becomes of the old colour.
func (p *Plan) planStop(o Observation) {
	if p.From == model.None || p.Keep == model.KeepRunning {
		return
	}
	cause := "it is kept for a rollback"
	if p.Keep == model.KeepRemoved {
		cause = "it is removed, too (keep: removed)"
	}
	for _, c := range o.Of(p.From) {
		p.Stop = append(p.Stop, Container{c, fmt.Sprintf("%s takes over; %s", p.Release.To, cause)})
	}
}

// ReplacesRunning says that a container which answers requests is replaced.
func (p Plan) ReplacesRunning() bool {
	return slices.ContainsFunc(p.Replace, func(c Container) bool { return c.Running })
}

// Budget is the time from the start of the containers after which the gate has decided, without gate.stable.
func (p Plan) Budget(s Settings) time.Duration {
	return cmp.Or(s.Timeout, gate.Budget(p.Expected))
}

// Bakes says whether the release can still lose after the switch, and there is a colour to go back to.
func (p Plan) Bakes(s Settings) bool {
	return (p.Drill || s.Bake.For > 0) && p.Release.Back == nil && p.From != model.None && !p.Change.Empty()
}

func (p *Plan) find(findings ...model.Finding) {
	p.Findings = append(slices.Clip(p.Findings), findings...)
}

// ReleaseImages are the references of the images that the release runs, each once.
func (p Plan) ReleaseImages() []string {
	var refs []string
	if back := p.Release.Back; back != nil {
		for _, k := range back.Kept {
			refs = append(refs, k.Image)
		}
		return once(refs)
	}
	for _, s := range p.Release.Model.Services {
		refs = append(refs, s.Image)
	}
	return once(refs)
}
