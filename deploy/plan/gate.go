package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// Docker's own defaults for what a HEALTHCHECK does not say.
const (
	defaultInterval = 30 * time.Second
	defaultTimeout  = 30 * time.Second
	defaultRetries  = 3
)

// expected is what the gate is to find. Who gives a check has said how else it is to be known that a colour is well.
func (p *Plan) expected(s Settings) []gate.Expected {
	given := len(s.Checks[p.Release.To]) > 0
	want := expected(p.Release.Model, p.Images, func(service model.Service) bool { return given || s.runningSuffices(service, p.Reached) })
	for i := range want {
		want[i].Age = p.Change.Memory
	}
	return want
}

// Refusal is the gate's, in the words of a report.
func Refusal(v gate.Verdict) error {
	e := &model.RefusedError{}
	for _, g := range v.Reasons {
		reason := model.Reason{Code: model.Code(g.Code), Service: g.Service, Container: g.Container, ContainerID: g.ID, Message: g.Message, ExitCode: g.ExitCode, OOMKilled: g.OOMKilled}
		if g.LastProbe != nil {
			reason.LastProbe = redact.Sanitize(g.LastProbe.Output)
		}
		e.Reasons = append(e.Reasons, reason)
	}
	return e
}

// runningSuffices says whether a service without a healthcheck passes by running: because the user said so, or because
// its Compose file says that it has none, and neither nginx nor a published port reaches it.
func (s Settings) runningSuffices(service model.Service, reached []string) bool {
	if s.RunningSuffices || slices.Contains(s.RunningServices, service.Name) || slices.Contains(s.RunningServices, service.Key) || slices.Contains(s.RunningServices, service.Plain()) {
		return true
	}
	return service.ProbeDisabled && len(service.HostPorts) == 0 && !slices.Contains(reached, service.Name)
}

// reached are the services of a colour to which nginx sends requests, or will once it names the colour.
func (o Observation) reached(colour model.Colour) (names []string) {
	for _, p := range o.Route.Points {
		from, _ := o.Application.Models[p.Endpoint.Colour].Service(p.Endpoint.Service)
		for _, s := range o.Application.Models[colour].Services {
			if from.Key != "" && s.Key == from.Key && !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
		}
	}
	return names
}

// expected is what the gate is to find: the model's services, with the healthchecks that will really run.
func expected(m model.Model, images []model.Image, runningSuffices func(model.Service) bool) []gate.Expected {
	var all []gate.Expected
	for _, s := range m.Services {
		img, _ := model.ImageOf(images, s.Name)
		all = append(all, gate.Expected{
			Service: s.Name, Replicas: s.Replicas, OneShot: s.OneShot, Probe: EffectiveProbe(s, img),
			RunningSuffices: runningSuffices(s), After: s.After,
		})
	}
	return all
}

// EffectiveProbe lays the file's healthcheck over the image's, field by field, and Docker's defaults below both.
func EffectiveProbe(s model.Service, img model.Image) *gate.Probe {
	if s.ProbeDisabled || s.Probe == nil && img.Probe == nil {
		return nil
	}
	file, image := cmp.Or(s.Probe, &gate.Probe{}), cmp.Or(img.Probe, &gate.Probe{})
	return &gate.Probe{
		Interval:    cmp.Or(file.Interval, image.Interval, defaultInterval),
		Timeout:     cmp.Or(file.Timeout, image.Timeout, defaultTimeout),
		StartPeriod: cmp.Or(file.StartPeriod, image.StartPeriod),
		Retries:     cmp.Or(file.Retries, image.Retries, defaultRetries),
	}
}

// DescribeProbe is a healthcheck in the words of the Compose file.
func DescribeProbe(p *gate.Probe) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprintf("interval %s, timeout %s, retries %d, start_period %s", p.Interval, p.Timeout, p.Retries, p.StartPeriod)
}
