package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bluegate/deploy/model"
)

// Previewed is the address of the service of a colour that a person means: by its name, or by its name without the colour,
// each with or without :PORT; empty: the only one that there is to look at. routes are the addresses that nginx would name if
// the colour were live. An *InvalidError lists what could be meant.
func Previewed(m model.Model, containers []model.Container, routes []model.Endpoint, name string) (model.Endpoint, error) {
	name, port, err := splitPort(name)
	if err != nil {
		return model.Endpoint{}, err
	}
	service, err := meant(m, routes, name)
	if err != nil {
		return model.Endpoint{}, err
	}
	if i := slices.IndexFunc(routes, func(e model.Endpoint) bool { return e.Service == service.Name && (port == 0 || e.Port == port) }); i >= 0 {
		return routes[i], nil
	}
	ports := portsOf(service, containers)
	switch {
	case port == 0 && len(ports) == 1:
		port = ports[0]
	case port == 0 && len(ports) == 0:
		return model.Endpoint{}, model.Invalid("%s declares no port; say which one is meant: bluegate preview %s:8080", service.Name, service.Plain())
	case port == 0:
		return model.Endpoint{}, model.Invalid("%s listens on %s; say which one is meant: bluegate preview %s:%d", service.Name, listed(ports), service.Plain(), ports[0])
	}
	return model.Endpoint{Colour: m.Colour, Service: service.Name, Host: service.Hosts[0], Port: port}, nil
}

func splitPort(name string) (service string, port int, err error) {
	service, text, given := strings.Cut(name, ":")
	if !given {
		return name, 0, nil
	}
	if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
		return "", 0, model.Invalid("invalid port %q: must be a number from 1 to 65535", text)
	}
	return service, port, nil
}

// meant is the service that a name means.
func meant(m model.Model, routes []model.Endpoint, name string) (model.Service, error) {
	var reached, all []model.Service
	for _, s := range m.Services {
		if s.OneShot || len(s.Hosts) == 0 {
			continue
		}
		if name != "" && (s.Name == name || s.Plain() == name) {
			return s, nil
		}
		all = append(all, s)
		if slices.ContainsFunc(routes, func(e model.Endpoint) bool { return e.Service == s.Name }) {
			reached = append(reached, s)
		}
	}
	candidates := reached
	if len(candidates) == 0 {
		candidates = all
	}
	switch {
	case name != "":
		return model.Service{}, model.Invalid("%s has no service %q to look at: it has %s", m.Colour, name, listed(names(all)))
	case len(candidates) == 1:
		return candidates[0], nil
	case len(candidates) == 0:
		return model.Service{}, model.Invalid("%s has no service to look at", m.Colour)
	}
	return model.Service{}, model.Invalid("%s has several services: say which one is meant, such as bluegate preview %s (%s)", m.Colour, candidates[0].Plain(), listed(names(candidates)))
}

func names(services []model.Service) (all []string) {
	for _, s := range services {
		all = append(all, s.Name)
	}
	return all
}

// listed are things with commas.
func listed[T any](all []T) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(all)), ", "), "[]")
}

// portsOf are the ports that a service declares, or else those that its containers do.
func portsOf(s model.Service, containers []model.Container) []int {
	if len(s.Ports) > 0 {
		return s.Ports
	}
	for _, c := range containers {
		if c.Service == s.Name && len(c.Exposed) > 0 {
			return c.Exposed
		}
	}
	return nil
}
