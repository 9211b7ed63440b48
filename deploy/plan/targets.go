package plan

import (
	"slices"

	"bluegate/deploy/model"
)

// Targets pairs addresses with the containers of their services.
func Targets(endpoints []model.Endpoint, containers []model.Container) (targets []model.Target) {
	for _, e := range endpoints {
		t := model.Target{Endpoint: e}
		for _, c := range containers {
			if c.Service == e.Service {
				t.Containers = append(t.Containers, c)
			}
		}
		targets = append(targets, t)
	}
	return targets
}

// TargetsOf are the addresses by which nginx leads to a colour once its switch points name it, with the colour's containers
// that run.
func (o Observation) TargetsOf(colour model.Colour) ([]model.Target, error) {
	var endpoints []model.Endpoint
	for _, p := range o.Route.Points {
		e := p.Endpoint
		if e.Colour != colour {
			var err error
			if e, err = o.Addresses.Counterpart(e); err != nil {
				return nil, err
			}
		}
		endpoints = append(endpoints, e)
	}
	running := slices.DeleteFunc(o.Of(colour), func(c model.Container) bool { return !c.Running })
	return Targets(endpoints, running), nil
}
