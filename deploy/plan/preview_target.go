package plan

import (
	"fmt"
	"strings"

	"bluegate/deploy/model"
)

// PreviewTarget is a service of the idle colour, and its address as nginx would reach it.
type PreviewTarget struct {
	Colour   model.Colour
	Release  string // empty: its containers carry no label
	Service  string
	Endpoint model.Endpoint
	model    model.Model
}

// PreviewTarget is the service of a colour that a name means: see Previewed.
func (o Observation) PreviewTarget(colour model.Colour, routes []model.Endpoint, name string) (PreviewTarget, error) {
	m := o.Application.Models[colour]
	endpoint, err := Previewed(m, o.Of(colour), routes, name)
	if err != nil {
		return PreviewTarget{}, err
	}
	t := PreviewTarget{Colour: colour, Service: endpoint.Service, Endpoint: endpoint, model: m}
	for _, c := range o.Of(colour) {
		if c.Service == t.Service {
			t.Release = c.Release
		}
	}
	return t, nil
}

// Application is as much of the application as lists the containers of the target's colour.
func (t PreviewTarget) Application() model.Application {
	return model.Application{Models: map[model.Colour]model.Model{t.Colour: t.model}}
}

// DoesNotRun is the refusal of a service of which no container runs.
func (t PreviewTarget) DoesNotRun(containers []model.Container) error {
	for _, c := range containers {
		if c.Service == t.Service && c.Running {
			return nil
		}
	}
	return &model.RefusedError{Reasons: t.problems(containers)}
}

// WhyNoAnswer says why a connection failed, by what the engine says of the service's containers.
func (t PreviewTarget) WhyNoAnswer(containers []model.Container, cause error) error {
	problems := t.problems(containers)
	if len(problems) == 0 {
		return cause
	}
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.String())
	}
	return fmt.Errorf("%w; %s of %s: %s", cause, t.Service, t.Colour, strings.Join(texts, "; "))
}

// problems are what is not as it should be with the containers of the service.
func (t PreviewTarget) problems(containers []model.Container) []model.Reason {
	s, _ := t.model.Service(t.Service)
	return HealthProblems(model.Model{Colour: t.Colour, Services: []model.Service{s}}, containers)
}
