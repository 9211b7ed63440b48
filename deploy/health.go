package deploy

import (
	"cmp"
	"context"
	"fmt"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// Health says whether the colour of the settings, or the live one, is healthy.
func (d *Deployer) Health(ctx context.Context) *report.Report {
	r := d.begin("health")
	if err := r.observeOnly(ctx); err != nil {
		return r.outcome(ctx, err)
	}
	defer r.unlock(ctx) // what asking needs
	colour := cmp.Or(r.Settings.To, r.live.Colour)
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
		return []model.Reason{{Code: model.Missing, Message: "no colour is known to be live: " + r.live.By}}
	}
	reasons := healthProblems(r.seen.Application.Models[colour], r.seen.Of(colour))
	r.addLogs(ctx, reasons)
	return reasons
}

// healthProblems says why containers are not what a model expects: one reason for each that is not healthy, and for
// each that is missing.
func healthProblems(m model.Model, containers []model.Container) []model.Reason {
	reasons := []model.Reason{}
	for _, s := range m.Services {
		found := 0
		for _, c := range containers {
			if c.Service != s.Name {
				continue
			}
			found++
			if reason, bad := healthProblem(s, c); bad {
				reasons = append(reasons, reason)
			}
		}
		if found < s.Replicas && !s.OneShot { // what has done its work may be gone
			reasons = append(reasons, model.Reason{Code: model.Missing, Service: s.Name, Message: fmt.Sprintf("%d of %d containers are there", found, s.Replicas)})
		}
	}
	return reasons
}

func healthProblem(s model.Service, c model.Container) (model.Reason, bool) {
	reason := model.Reason{Service: c.Service, Container: c.Name, ContainerID: c.ID, LastProbe: c.LastProbe, OOMKilled: c.Sample.OOMKilled}
	exit := c.Sample.ExitCode
	switch {
	case s.OneShot && c.State == string(gate.StateExited) && exit == 0:
		return reason, false
	case c.State == string(gate.StatePaused):
		reason.Code, reason.Message = model.Paused, "it is paused"
	case c.State == string(gate.StateRestarting):
		reason.Code, reason.Message, reason.ExitCode = model.Restarting, fmt.Sprintf("it is restarting after exit code %d", exit), &exit
	case !c.Running:
		reason.Code, reason.Message, reason.ExitCode = model.Exited, fmt.Sprintf("it does not run (%s, exit code %d)", c.State, exit), &exit
	case c.Health == "none" || c.Health == "":
		return reason, false
	case c.Health != string(gate.HealthHealthy):
		reason.Code, reason.Message = model.Unhealthy, fmt.Sprintf("its health is %s after %d failed probes in a row", c.Health, c.Sample.FailingStreak)
	default:
		return reason, false
	}
	return reason, true
}
