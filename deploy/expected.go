package deploy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/gate"
)

// Docker's own defaults for what a HEALTHCHECK does not say.
const (
	defaultInterval = 30 * time.Second
	defaultTimeout  = 30 * time.Second
	defaultRetries  = 3
)

// withImages fills in what only the images say: the ports that they expose, where the file declares none.
func (m Model) withImages(images []Image) Model {
	m.Services = slices.Clone(m.Services)
	for i, s := range m.Services {
		if img, ok := imageOf(images, s.Name); ok && len(s.Ports) == 0 {
			m.Services[i].Ports = img.Ports
		}
	}
	return m
}

func imageOf(images []Image, service string) (Image, bool) {
	i := slices.IndexFunc(images, func(img Image) bool { return img.Service == service })
	if i < 0 {
		return Image{}, false
	}
	return images[i], true
}

// expected is what the gate is to find: the model's services, with the healthchecks that will really run.
func expected(m Model, images []Image, runningSuffices bool) []gate.Expected {
	var all []gate.Expected
	for _, s := range m.Services {
		img, _ := imageOf(images, s.Name)
		all = append(all, gate.Expected{
			Service: s.Name, Replicas: s.Replicas, OneShot: s.OneShot, Probe: effectiveProbe(s, img),
			RunningSuffices: runningSuffices, After: s.After,
		})
	}
	return all
}

// effectiveProbe lays the file's healthcheck over the image's, field by field, and Docker's defaults below both.
func effectiveProbe(s Service, img Image) *gate.Probe {
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
