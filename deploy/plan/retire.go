package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// defaultStopGrace is how long Docker waits for a container that declares no stop_grace_period.
const defaultStopGrace = 10 * time.Second

// ToStop are the containers of the old colour that are to be stopped now. Those that an earlier run stopped are among them
// only if they are to be removed.
func (p Plan) ToStop(o Observation) []model.Container {
	old := o.Of(p.From)
	if p.Keep == model.KeepRemoved {
		return old
	}
	return slices.DeleteFunc(old, func(c model.Container) bool { return !c.Running && (c.RestartPol == "" || c.RestartPol == "no") })
}

// SlowStops tells of containers that ignored SIGTERM until their grace period was over: every deployment waits for them.
// took is how long stopping all of them took.
func (o Observation) SlowStops(stopped []model.Container, took time.Duration) (found []model.Finding) {
	for _, c := range stopped {
		s, _ := o.Application.Models[c.Colour].Service(c.Service)
		grace := cmp.Or(s.StopGrace, defaultStopGrace)
		if took >= grace+s.StopSlack {
			found = append(found, model.Finding{Code: "slow-stop", Message: fmt.Sprintf("stopping the old colour took %s; %s may ignore SIGTERM and was killed after its stop_grace_period of %s", took.Round(100*time.Millisecond), c.Name, grace)})
		}
	}
	return found
}

// NotStarted says that a container which comes back has not been started yet, so that its sample is of an earlier run. o is the
// Observation before the release was started.
func (p Plan) NotStarted(o Observation, s gate.Sample) bool {
	return p.Release.Back != nil && slices.ContainsFunc(o.Of(p.Release.To), func(c model.Container) bool {
		return c.ID == s.ID && !c.Running && c.Sample.StartedAt.Equal(s.StartedAt)
	})
}
