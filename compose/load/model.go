package load

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// modelOf translates the part of a project that a deployment needs.
func modelOf(p *types.Project, l Positions, colour model.Colour, names, oneShot []string) model.Model {
	m := model.Model{Colour: colour, ComposeProject: p.Name, Files: p.ComposeFiles}
	for _, name := range inOrder(p, names) {
		m.Services = append(m.Services, service(p, l, colour, p.Services[name], names, oneShot))
	}
	return m
}

func service(p *types.Project, l Positions, colour model.Colour, s types.ServiceConfig, own, oneShot []string) model.Service {
	out := model.Service{
		Name: s.Name, Key: model.ServiceKey(s.Name, colour), Image: api.GetImageNameOrDefault(s, p.Name), PullPolicy: s.PullPolicy,
		Build: s.Build != nil, Replicas: s.GetScale(), ContainerName: s.ContainerName,
		OneShot: slices.Contains(oneShot, s.Name) || slices.Contains(oneShot, model.ServiceKey(s.Name, colour)) || AwaitedToComplete(p, s.Name),
		Hosts:   hosts(p, s), Also: alsoNamed(s), Networks: networks(p, s), Place: l.service(s.Name),
	}
	if policy, every, err := s.GetPullPolicy(); err == nil && policy == types.PullPolicyRefresh {
		out.PullPolicy, out.RefreshAfter = policy, every
	}
	out.Probe, out.ProbeDisabled = probe(s.HealthCheck)
	if s.HealthCheck != nil {
		out.ProbeTest = s.HealthCheck.Test
	}
	for _, name := range own {
		if dep, ok := s.DependsOn[name]; ok {
			out.After = append(out.After, gate.Dependency{Service: name, Condition: condition(dep.Condition)})
		}
	}
	for _, expose := range s.Expose {
		out.Ports = AddPort(out.Ports, expose)
	}
	for _, port := range s.Ports {
		if port.Protocol != "udp" {
			out.Ports = AddPort(out.Ports, strconv.Itoa(int(port.Target)))
		}
		if port.Published != "" {
			out.HostPorts = append(out.HostPorts, hostPort(port))
			if n, err := strconv.Atoi(port.Published); err == nil && port.Protocol != "udp" {
				out.Published = append(out.Published, model.Published{IP: port.HostIP, Port: n, Target: int(port.Target)})
			}
		}
	}
	if s.StopGracePeriod != nil {
		out.StopGrace = time.Duration(*s.StopGracePeriod)
	}
	return out
}

func hostPort(port types.ServicePortConfig) string {
	text := port.Published + "/" + cmp.Or(port.Protocol, "tcp")
	if port.HostIP != "" {
		text = port.HostIP + ":" + text
	}
	return text
}

// AddPort adds "3000" or "3000/tcp". Ranges and UDP ports are not added: nginx's configuration cannot name them as one
// address.
func AddPort(ports []int, text string) []int {
	number, protocol, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(number)
	if err != nil || protocol == "udp" || slices.Contains(ports, n) {
		return ports
	}
	return append(ports, n)
}

// hosts returns the names of a service in Docker's DNS: its key, the names of its containers, its aliases.
func hosts(p *types.Project, s types.ServiceConfig) []string {
	names := []string{s.Name}
	if s.ContainerName != "" {
		names = append(names, s.ContainerName)
	}
	for n := 1; s.ContainerName == "" && n <= max(s.GetScale(), 1); n++ {
		names = append(names, p.Name+api.Separator+s.Name+api.Separator+strconv.Itoa(n))
	}
	for _, network := range s.NetworksByPriority() {
		if n := s.Networks[network]; n != nil {
			for _, alias := range n.Aliases {
				if !slices.Contains(names, alias) {
					names = append(names, alias)
				}
			}
		}
	}
	return names
}

// alsoNamed returns names and addresses of a service that a switch never writes: Docker's DNS also resolves the
// hostname, and a static address needs no name.
func alsoNamed(s types.ServiceConfig) (names []string) {
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add(s.Hostname)
	for _, network := range s.NetworksByPriority() {
		if n := s.Networks[network]; n != nil {
			add(n.Ipv4Address)
			add(n.Ipv6Address)
		}
	}
	return names
}

func networks(p *types.Project, s types.ServiceConfig) (names []string) {
	for _, key := range s.NetworksByPriority() {
		names = append(names, p.Networks[key].Name)
	}
	return names
}

// AwaitedToComplete says whether a service depends on this one's success.
func AwaitedToComplete(p *types.Project, name string) bool {
	return awaited(p, name, types.ServiceConditionCompletedSuccessfully)
}

// AwaitedToBeHealthy says whether a service depends on this one's health.
func AwaitedToBeHealthy(p *types.Project, name string) bool {
	return awaited(p, name, types.ServiceConditionHealthy)
}

func awaited(p *types.Project, name, condition string) bool {
	for _, s := range p.Services {
		if dep, ok := s.DependsOn[name]; ok && dep.Condition == condition {
			return true
		}
	}
	return false
}

func condition(c string) gate.Condition {
	switch c {
	case types.ServiceConditionHealthy:
		return gate.Healthy
	case types.ServiceConditionCompletedSuccessfully:
		return gate.Completed
	}
	return gate.Started
}

// probe keeps zero for what the file does not set: the image's HEALTHCHECK and Docker's defaults complete it.
func probe(h *types.HealthCheckConfig) (p *gate.Probe, disabled bool) {
	if h == nil {
		return nil, false
	}
	if h.Disable || len(h.Test) > 0 && h.Test[0] == "NONE" {
		return nil, true
	}
	p = &gate.Probe{}
	set := func(to *time.Duration, from *types.Duration) {
		if from != nil {
			*to = time.Duration(*from)
		}
	}
	set(&p.Interval, h.Interval)
	set(&p.Timeout, h.Timeout)
	set(&p.StartPeriod, h.StartPeriod)
	if h.Retries != nil {
		p.Retries = int(*h.Retries)
	}
	return p, false
}

// inOrder sorts services so that each comes after those it depends on, otherwise by name.
func inOrder(p *types.Project, names []string) []string {
	names = slices.Sorted(slices.Values(names))
	var out []string
	var visit func(string)
	visit = func(name string) {
		if slices.Contains(out, name) {
			return
		}
		for _, dep := range p.Services[name].GetDependencies() {
			if slices.Contains(names, dep) {
				visit(dep)
			}
		}
		out = append(out, name)
	}
	for _, name := range names {
		visit(name)
	}
	return out
}
