package deploy

import (
	"cmp"
	"context"
	"fmt"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
)

// Health says whether the colour of the settings, or the live one, is healthy.
func (d *Deployer) Health(ctx context.Context) *report.Report {
	r := d.begin("health")
	if err := r.observeOnly(ctx); err != nil {
		return r.outcome(ctx, err)
	}
	defer r.unlock(ctx) // what asking needs
	colour := cmp.Or(r.Settings.To, r.seen.Live.Colour)
	r.report.To, r.report.Containers = colour, r.seen.Of(colour)
	reasons := r.failingHealth(ctx, colour)
	if len(reasons) == 0 {
		var err error
		if reasons, err = r.failingChecks(ctx, colour); err != nil {
			return r.outcome(ctx, err)
		}
	}
	r.report.Reasons, r.report.Message = reasons, fmt.Sprintf("%s is healthy", colour)
	if len(reasons) == 0 {
		return r.report.Finish(model.OK)
	}
	if r.report.Message = fmt.Sprintf("%s is not healthy", colour); colour == model.None {
		r.report.Message = reasons[0].Message
	}
	return r.report.Finish(model.NotHealthy)
}

// failingHealth compares the containers with the model. Unlike the gate it has no history: a container that was
// restarted last week and is healthy now is healthy.
func (r *run) failingHealth(ctx context.Context, colour model.Colour) []model.Reason {
	if colour == model.None {
		return []model.Reason{{Code: model.Missing, Message: "no colour is known to be live: " + r.seen.Live.By}}
	}
	reasons := plan.HealthProblems(r.seen.Application.Models[colour], r.seen.Of(colour))
	r.addLogs(ctx, reasons)
	return reasons
}
