package plan

import (
	"fmt"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// HealthProblems says why containers are not what a model expects: one reason for each that is not healthy, and for
// each that is missing.
func HealthProblems(m model.Model, containers []model.Container) []model.Reason {
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
