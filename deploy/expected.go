package deploy

import (
	"cmp"
	"fmt"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// Docker's own defaults for what a HEALTHCHECK does not say.
const (
	defaultInterval = 30 * time.Second
	defaultTimeout  = 30 * time.Second
	defaultRetries  = 3
)

// expected is what the gate is to find: the model's services, with the healthchecks that will really run.
func expected(m model.Model, images []model.Image, runningSuffices bool) []gate.Expected {
	var all []gate.Expected
	for _, s := range m.Services {
		img, _ := model.ImageOf(images, s.Name)
		all = append(all, gate.Expected{
			Service: s.Name, Replicas: s.Replicas, OneShot: s.OneShot, Probe: effectiveProbe(s, img),
			RunningSuffices: runningSuffices, After: s.After,
		})
	}
	return all
}

// effectiveProbe lays the file's healthcheck over the image's, field by field, and Docker's defaults below both.
func effectiveProbe(s model.Service, img model.Image) *gate.Probe {
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

// describeProbe is a healthcheck in the words of the Compose file.
func describeProbe(p *gate.Probe) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprintf("interval %s, timeout %s, retries %d, start_period %s", p.Interval, p.Timeout, p.Retries, p.StartPeriod)
}
