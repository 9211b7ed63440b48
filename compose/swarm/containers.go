package swarm

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/swarm"
	"golang.org/x/sync/errgroup"

	"bluegate/compose/engine"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// Containers implements model.Stack: one for each slot of each service of a colour.
func (s *Stack) Containers(ctx context.Context, app model.Application) ([]model.Container, error) {
	all := []model.Container{}
	for _, colour := range model.Colours {
		m, asked := app.Models[colour]
		if !asked {
			continue
		}
		some, err := s.containersOf(ctx, m)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (s *Stack) containersOf(ctx context.Context, m model.Model) ([]model.Container, error) {
	slots, err := s.slots(ctx, m)
	if err != nil {
		return nil, err
	}
	s.memory.keep(m.ComposeProject, slots)
	all := make([]model.Container, len(slots))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for i, one := range slots {
		group.Go(func() error {
			all[i] = s.container(ctx, m, one)
			return nil
		})
	}
	return all, group.Wait()
}

// slots asks for the services of a colour, and for their tasks.
func (s *Stack) slots(ctx context.Context, m model.Model) (all []slot, err error) {
	services, err := s.ownServices(ctx, m)
	if err != nil || len(services) == 0 {
		return nil, err
	}
	tasks, err := s.tasks(ctx, m.ComposeProject)
	if err != nil {
		return nil, err
	}
	nodes, err := s.nodesOf(ctx, tasks)
	if err != nil {
		return nil, err
	}
	for _, service := range services {
		all = append(all, slotsOf(service, tasks, nodes)...)
	}
	return all, nil
}

// nodesOf are the nodes, with those of the tasks as far as they still exist.
func (s *Stack) nodesOf(ctx context.Context, tasks []swarm.Task) (map[string]swarm.Node, error) {
	var needed []string
	for _, t := range tasks {
		if !hasEnded(t) {
			needed = append(needed, t.NodeID)
		}
	}
	return s.nodes.list(ctx, needed...)
}

// ownServices are the services of a colour in the model's order: those that the model names, and those that bluegate's
// labels say are of this application. Other services of the stack are someone else's.
func (s *Stack) ownServices(ctx context.Context, m model.Model) ([]swarm.Service, error) {
	all, err := s.services(ctx, m.ComposeProject)
	if err != nil {
		return nil, err
	}
	own := slices.DeleteFunc(all, func(service swarm.Service) bool {
		_, named := m.Service(shortName(service.Spec))
		return !named && !s.made(service.Spec, m.Colour)
	})
	order := func(service swarm.Service) int {
		return slices.IndexFunc(m.Services, func(o model.Service) bool { return o.Name == shortName(service.Spec) })
	}
	slices.SortFunc(own, func(a, b swarm.Service) int {
		if d := order(a) - order(b); d != 0 {
			return d
		}
		return strings.Compare(a.Spec.Name, b.Spec.Name)
	})
	return own, nil
}

// made says whether bluegate made a service for a colour of this application.
func (s *Stack) made(spec swarm.ServiceSpec, colour model.Colour) bool {
	return s.name != "" && spec.Labels[engine.ApplicationLabel] == s.name && spec.Labels[engine.ColourLabel] == string(colour)
}

// shortName is a service's name in the file.
func shortName(spec swarm.ServiceSpec) string {
	return strings.TrimPrefix(spec.Name, spec.Labels[stackLabel]+"_")
}

// container is a slot in the words of package model. Its id is that of its task. A task that is yet to be started counts as
// restarting: the Swarm starts it by itself.
func (s *Stack) container(ctx context.Context, m model.Model, one slot) model.Container {
	spec := one.service.Spec
	c := model.Container{
		Colour: m.Colour, Service: shortName(spec), Name: one.name(), ID: one.key(), Image: imageName(spec), Digest: digestOf(spec),
		State: string(gate.StateExited), Health: "none", Release: spec.Labels[engine.ReleaseLabel], Addresses: map[string]string{},
		Project: m.ComposeProject, RestartPol: restartPolicy(spec), Probe: probeOf(spec), StopWith: "docker service scale " + spec.Name + "=0",
	}
	c.Sample = gate.Sample{At: time.Now(), ID: c.ID, Name: c.Name, Service: c.Service, State: gate.StateExited}
	switch {
	case len(one.tasks) > 0:
	case isRetired(spec):
		c.RestartPol = "no" // the Swarm starts nothing while the service is retired
		return c
	default: // the gate waits for its task, which has another id
		c.State, c.Sample.State, c.Sample.Service = string(gate.StateRestarting), gate.StateCreated, ""
		return c
	}
	t := one.task()
	c.ID = t.ID
	c.Sample = s.sample(ctx, one, t)
	c.State, c.Restarts = string(c.Sample.State), c.Sample.RestartCount
	if c.Sample.Health != gate.HealthNone {
		c.Health = string(c.Sample.Health)
	}
	switch {
	case hasEnded(t):
		c.State = string(gate.StateExited)
	case c.Sample.State == gate.StateRunning && !s.nodes.lost(t):
		c.Running = true
	default: // the Swarm is about to start it, or its node is away and may still run it
		c.State = string(gate.StateRestarting)
		if len(one.tasks) > 1 && endedItself(one.tasks[1]) {
			before := s.sample(ctx, one, one.tasks[1])
			c.Sample.ExitCode, c.LastProbe = before.ExitCode, lastFailure(before)
		}
	}
	if c.LastProbe == "" {
		c.LastProbe = lastFailure(c.Sample)
	}
	c.Addresses = addressesOf(one.service, t)
	c.Moves = len(one.service.Endpoint.VirtualIPs) == 0
	c.Published = publishedBy(one.service, t, s.nodes.here(t.NodeID), s.nodes.address(t.NodeID))
	if status := t.Status.ContainerStatus; status != nil && len(status.ContainerID) > 12 {
		c.Names = []string{status.ContainerID[:12], c.Name + "." + t.ID}
	}
	return c
}

func lastFailure(sample gate.Sample) string {
	if p := sample.LastProbe; p != nil && p.ExitCode != 0 {
		return redact.Sanitize(p.Output)
	}
	return ""
}

// sample is what is known of a task. What has not become healthy, or has failed, is also asked of its container where that
// is on this engine: only an engine has the output of the last probe, and says whether memory ran out.
func (s *Stack) sample(ctx context.Context, one slot, t swarm.Task) gate.Sample {
	node := ""
	if t.NodeID != "" {
		s.nodes.mu.Lock()
		node = nodeName(s.nodes.all, t.NodeID)
		s.nodes.mu.Unlock()
	}
	out := sampleOf(one, t, shortName(one.service.Spec), node, time.Now())
	if t.ID == one.task().ID {
		s.memory.note(one, &out)
	}
	if t.Status.State == swarm.TaskStateRunning || t.Status.ContainerStatus == nil || !s.nodes.here(t.NodeID) {
		return out
	}
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := s.engine.ContainerInspect(ctx, t.Status.ContainerStatus.ContainerID)
	if err != nil || info.State == nil { // the Swarm removes what has ended
		return out
	}
	out.OOMKilled = info.State.OOMKilled
	if info.State.Health == nil {
		return out
	}
	// The engine also calls a container unhealthy that ended by itself.
	if p := probeOf(one.service.Spec); hasEnded(t) && p != nil && info.State.Health.FailingStreak >= max(p.Retries, 1) {
		out.State, out.Health, out.Error = gate.StateRunning, gate.HealthUnhealthy, ""
		out.FailingStreak = max(p.Retries, 1) // until the container was stopped, it may have failed once more
	}
	for _, entry := range info.State.Health.Log {
		out.LastProbe = &gate.ProbeResult{Start: entry.Start, End: entry.End, ExitCode: entry.ExitCode, Output: entry.Output}
	}
	if out.Health == gate.HealthStarting {
		out.FailingStreak = info.State.Health.FailingStreak
	}
	return out
}

// addressesOf are the addresses of a task by network, and those that the names of its service lead to instead.
func addressesOf(service swarm.Service, t swarm.Task) map[string]string {
	all := map[string]string{}
	names := map[string]string{}
	for _, at := range t.NetworksAttachments {
		if at.Network.Spec.Ingress || at.Network.DriverState.Name == "host" {
			continue
		}
		names[at.Network.ID] = at.Network.Spec.Name
		for _, text := range at.Addresses {
			prefix, err := netip.ParsePrefix(text)
			switch {
			case err != nil:
			case prefix.Addr().Is6():
				all[at.Network.Spec.Name+" (IPv6)"] = prefix.Addr().String()
			default:
				all[at.Network.Spec.Name] = prefix.Addr().String()
			}
		}
	}
	for _, vip := range service.Endpoint.VirtualIPs {
		if prefix, err := netip.ParsePrefix(vip.Addr); err == nil && names[vip.NetworkID] != "" {
			all[names[vip.NetworkID]+" (virtual)"] = prefix.Addr().String()
		}
	}
	return all
}

// publishedBy are the ports of hosts that lead to a task: those of its own node, and those of the routing mesh, which each node
// has. Those of another node than this one are only at its address.
func publishedBy(service swarm.Service, t swarm.Task, here bool, address string) (all []model.Published) {
	add := func(ports []swarm.PortConfig, mode swarm.PortConfigPublishMode, ip string) {
		for _, p := range ports {
			if p.PublishMode == mode && p.Protocol == swarm.PortConfigProtocolTCP && p.PublishedPort > 0 {
				all = append(all, model.Published{IP: ip, Port: int(p.PublishedPort), Target: int(p.TargetPort)})
			}
		}
	}
	add(service.Endpoint.Ports, swarm.PortConfigPublishModeIngress, "")
	switch {
	case here:
		add(t.Status.PortStatus.Ports, swarm.PortConfigPublishModeHost, "")
	case address != "":
		add(t.Status.PortStatus.Ports, swarm.PortConfigPublishModeHost, address)
	}
	return all
}
