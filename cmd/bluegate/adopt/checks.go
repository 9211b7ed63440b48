package adopt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bluegate/deploy/model"
)

// WithChecks adds to a proposal how it is to be known that services without a healthcheck are well: the request that a
// script sends, otherwise a connection to the port that nginx or the host reaches. A service that nothing reaches, such as
// a worker, passes by running.
func (f *Folder) WithChecks(p Proposal, app model.Application, services []model.Service, points []model.SwitchPoint) Proposal {
	p.Checks, p.Running = slices.Clone(p.Checks), slices.Clone(p.Running)
	for _, s := range services {
		green := s
		for _, other := range app.Models[model.Green].Services {
			if other.Key == s.Key {
				green = other
			}
		}
		target, keys := f.target(s, green, points)
		p.Running = appendNew(p.Running, s.Plain())
		if target == "" {
			continue
		}
		p.Checks = appendNew(p.Checks, target)
		for colour, port := range keys {
			if p.Keys == nil {
				p.Keys = map[model.Colour]map[string]string{}
			}
			if p.Keys[colour] == nil {
				p.Keys[colour] = map[string]string{}
			}
			p.Keys[colour]["port"] = port
		}
	}
	if len(p.Checks) > 0 { // with a check, every service without a healthcheck passes by running
		p.Running = nil
	}
	return p
}

func appendNew(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// target is where a service is asked; empty if nothing reaches it.
func (f *Folder) target(blue, green model.Service, points []model.SwitchPoint) (target string, ports map[model.Colour]string) {
	at := f.probe(blue, green)
	if len(blue.Published) > 0 && len(green.Published) > 0 {
		b, g := strconv.Itoa(blue.Published[0].Port), strconv.Itoa(green.Published[0].Port)
		port := b
		if b != g {
			port, ports = "{port}", map[model.Colour]string{model.Blue: b, model.Green: g}
		}
		if at.Path != "" {
			return "http://127.0.0.1:" + port + at.Path, ports
		}
		return "127.0.0.1:" + port, ports
	}
	name := colourPattern(blue.Name)
	if glued := gluedPattern(blue.Name); glued != blue.Name {
		name = glued
	}
	if name == blue.Name && len(blue.Hosts) > 1 {
		name = gluedPattern(blue.Hosts[1]) // a project each: the container's name tells them apart
	}
	port := 0
	if len(blue.Ports) > 0 && len(green.Ports) > 0 {
		port = blue.Ports[0]
		if green.Ports[0] != port {
			ports = map[model.Colour]string{model.Blue: strconv.Itoa(port), model.Green: strconv.Itoa(green.Ports[0])}
		}
	}
	for _, p := range points {
		if p.Endpoint.Service == blue.Name || p.Endpoint.Service == green.Name {
			port = p.Endpoint.Port
		}
	}
	if n, err := strconv.Atoi(at.Port); err == nil && port == 0 {
		port = n
	}
	if port == 0 || name == blue.Name {
		return "", nil
	}
	text := strconv.Itoa(port)
	if ports != nil {
		text = "{port}"
	}
	if at.Path != "" {
		return fmt.Sprintf("http://%s:%s%s", name, text, at.Path), ports
	}
	return name + ":" + text, ports
}

// probe is the script's request to a service: inside its container, by its name, or by a port that it publishes.
func (f *Folder) probe(blue, green model.Service) Probe {
	plain := blue.Plain()
	for _, p := range f.Hints.Probes {
		inside := p.In != "" && strings.Contains(p.In, plain) || p.In != "" && slices.Contains(blue.Hosts, expandColour(p.In, model.Blue))
		named := strings.Contains(p.Host, plain) && p.In == ""
		if inside || named {
			return p
		}
	}
	for _, p := range f.Hints.Probes {
		for _, published := range slices.Concat(blue.Published, green.Published) {
			if strconv.Itoa(published.Port) == p.Port {
				return p
			}
		}
	}
	// A port in a variable: the request is to the colour that becomes live.
	for _, p := range f.Hints.Probes {
		if _, err := strconv.Atoi(p.Port); p.Port != "" && err != nil && len(blue.Published) > 0 || p.Port == "" && p.In == "" && len(blue.Published) > 0 && len(f.Hints.Probes) == 1 {
			return p
		}
	}
	return Probe{}
}
