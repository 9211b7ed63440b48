package deploy

import (
	"context"
	"errors"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
)

// PreviewTarget finds the service of the idle colour that a name means, with or without its colour, or with :PORT; empty: the
// only one that nginx would lead to. It takes no lock and changes nothing. A *RefusedError says which containers of it do not
// run.
func (d *Deployer) PreviewTarget(ctx context.Context, name string) (plan.PreviewTarget, error) {
	r := d.begin("preview")
	if err := r.observeOnly(ctx); err != nil {
		return plan.PreviewTarget{}, err
	}
	colour := r.seen.Live.Colour.Other()
	if e := r.journal.Current; e.Waits() {
		colour = e.To
	}
	if colour == model.None {
		return plan.PreviewTarget{}, model.Refuse(model.LiveUnknown, "which colour is idle is not known: %s", r.seen.Live.By)
	}
	var routes []model.Endpoint
	if r.seen.Route.State != model.RouterAbsent && r.seen.Route.Refusal == nil {
		if change, err := r.nginx.Plan(r.seen.Addresses, colour); err == nil {
			routes = change.Routes
		}
	}
	target, err := r.seen.PreviewTarget(colour, routes, name)
	if err != nil {
		return target, err
	}
	return target, target.DoesNotRun(r.seen.Of(colour))
}

// WhyNoAnswer says why a connection to a target failed, by what the engine says of its containers.
func (d *Deployer) WhyNoAnswer(ctx context.Context, t plan.PreviewTarget, cause error) error {
	containers, err := d.Stack.Containers(ctx, t.Application())
	if err != nil {
		return errors.Join(cause, err)
	}
	return t.WhyNoAnswer(containers, cause)
}
