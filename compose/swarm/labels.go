package swarm

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"

	"bluegate/compose/engine"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// Docker's own labels.
const (
	stackLabel = "com.docker.stack.namespace"
	imageLabel = "com.docker.stack.image" // as the file calls it
)

// The labels of a release's services, in addition to those of package engine that every release has.
const (
	// How many tasks the service has while it is not retired.
	replicasLabel = "bluegate.replicas"
	// The healthcheck that its containers really have: "none", or interval, timeout, start period and retries. The image's own
	// can only be asked where the image is.
	probeLabel = "bluegate.healthcheck"
	// The id of its image on the manager that deployed it.
	digestLabel = "bluegate.image"
)

// origin is what a release's services are labelled with.
type origin struct {
	application, release string
	colour               model.Colour
}

func (o origin) labels() map[string]string {
	return map[string]string{engine.ApplicationLabel: o.application, engine.ColourLabel: string(o.colour), engine.ReleaseLabel: o.release}
}

// label marks a service, and the containers of its tasks.
func label(spec *swarm.ServiceSpec, labels map[string]string) {
	spec.Labels = withLabels(spec.Labels, labels)
	spec.TaskTemplate.ContainerSpec.Labels = withLabels(spec.TaskTemplate.ContainerSpec.Labels, labels)
}

func withLabels(has, more map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, has)
	maps.Copy(all, more)
	return all
}

// probeText is the value of probeLabel.
func probeText(p *gate.Probe) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprintf("%s %s %s %d", p.Interval, p.Timeout, p.StartPeriod, p.Retries)
}

// probeOf is the healthcheck that a service's containers have. Of a service that someone else deployed it is that of its
// specification: what its image has is not known.
func probeOf(spec swarm.ServiceSpec) *gate.Probe {
	text, told := spec.Labels[probeLabel]
	if !told {
		return specProbe(spec.TaskTemplate.ContainerSpec)
	}
	words := strings.Fields(text)
	if len(words) != 4 {
		return nil
	}
	p := &gate.Probe{}
	for i, to := range []*time.Duration{&p.Interval, &p.Timeout, &p.StartPeriod} {
		*to, _ = time.ParseDuration(words[i])
	}
	p.Retries, _ = strconv.Atoi(words[3])
	return p
}

func specProbe(c *swarm.ContainerSpec) *gate.Probe {
	if c == nil || !hasTest(c.Healthcheck) {
		return nil
	}
	return &gate.Probe{Interval: c.Healthcheck.Interval, Timeout: c.Healthcheck.Timeout, StartPeriod: c.Healthcheck.StartPeriod, Retries: c.Healthcheck.Retries}
}

func hasTest(h *container.HealthConfig) bool {
	return h != nil && len(h.Test) > 0 && h.Test[0] != "NONE"
}
