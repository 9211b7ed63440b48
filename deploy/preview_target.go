package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
)

// PreviewTarget is a service of the idle colour, and its address as nginx would reach it.
type PreviewTarget struct {
	Colour   model.Colour
	Release  string // empty: its containers carry no label
	Service  string
	Endpoint model.Endpoint
	model    model.Model
}

// PreviewTarget finds the service of the idle colour that a name means, with or without its colour, or with :PORT; empty: the
// only one that nginx would lead to. It takes no lock and changes nothing. A *RefusedError says which containers of it do not
// run.
func (d *Deployer) PreviewTarget(ctx context.Context, name string) (PreviewTarget, error) {
	r := d.begin("preview")
	if err := r.observeOnly(ctx); err != nil {
		return PreviewTarget{}, err
	}
	colour := r.live.Colour.Other()
	if e := r.journal.Current; e.Waits() {
		colour = e.To
	}
	if colour == model.None {
		return PreviewTarget{}, model.Refuse(model.LiveUnknown, "which colour is idle is not known: %s", r.live.By)
	}
	var routes []model.Endpoint
	if r.seen.Route.State != model.RouterAbsent && r.seen.Route.Refusal == nil {
		if change, err := r.nginx.Plan(r.seen.Addresses, colour); err == nil {
			routes = change.Routes
		}
	}
	m := r.seen.Application.Models[colour]
	endpoint, err := plan.Previewed(m, r.seen.Of(colour), routes, name)
	if err != nil {
		return PreviewTarget{}, err
	}
	t := PreviewTarget{Colour: colour, Service: endpoint.Service, Endpoint: endpoint, model: m}
	for _, c := range r.seen.Of(colour) {
		if c.Service == t.Service {
			t.Release = c.Release
		}
	}
	return t, t.doesNotRun(r.seen.Of(colour))
}

// doesNotRun is the refusal of a service of which no container runs.
func (t PreviewTarget) doesNotRun(containers []model.Container) error {
	s, _ := t.model.Service(t.Service)
	only := model.Model{Colour: t.Colour, Services: []model.Service{s}}
	for _, c := range containers {
		if c.Service == t.Service && c.Running {
			return nil
		}
	}
	return &model.RefusedError{Reasons: plan.HealthProblems(only, containers)}
}

// WhyNoAnswer says why a connection to a target failed, by what the engine says of its containers.
func (d *Deployer) WhyNoAnswer(ctx context.Context, t PreviewTarget, cause error) error {
	containers, err := d.Stack.Containers(ctx, model.Application{Models: map[model.Colour]model.Model{t.Colour: t.model}})
	if err != nil {
		return errors.Join(cause, err)
	}
	s, _ := t.model.Service(t.Service)
	problems := plan.HealthProblems(model.Model{Colour: t.Colour, Services: []model.Service{s}}, containers)
	if len(problems) == 0 {
		return cause
	}
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.String())
	}
	return fmt.Errorf("%w; %s of %s: %s", cause, t.Service, t.Colour, strings.Join(texts, "; "))
}
