package plan

import (
	"fmt"
	"slices"
	"strings"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
)

// WithOrigin is a check of a colour that knows from where it is asked. Where nothing is said, a loopback address or a
// published port of the engine's is asked from here, and everything else from where nginx runs: users come from there.
func (o Observation) WithOrigin(c check.Check, colour model.Colour) (check.Check, []model.Finding, error) {
	m := o.Application.Models[colour]
	var said []model.Finding
	if c.From == check.Auto {
		var err error
		if c.From, err = originOf(c, m, o.Remote); err != nil {
			return c, nil, err
		}
	}
	if c.From == check.Nginx && o.Route.State == model.RouterAbsent {
		if c.From, c.Service = check.Container, ServiceOf(c, m); c.Service == "" {
			c.Service = m.Services[0].Name
		}
		said = append(said, model.Finding{Code: "nginx-absent", Message: fmt.Sprintf("there is no nginx yet to ask %s from: it is asked from the network of %s", c, c.Service)})
	}
	if c.From == check.Container {
		if _, known := m.Service(c.Service); !known {
			return c, said, model.Invalid("check %s: %s has no service %q to ask it from", c, colour, c.Service)
		}
	}
	return c, said, nil
}

func originOf(c check.Check, m model.Model, remote bool) (check.Origin, error) {
	switch {
	case c.Kind == check.Exec:
		return check.Client, nil
	case c.Loopback() && remote:
		return "", model.Invalid("check %s: the engine is on another machine, so say which loopback is meant: from: client, nginx or container", c)
	case c.Loopback(), publishes(c, m):
		return check.Client, nil
	}
	return check.Nginx, nil
}

// publishes says whether a check asks a port that the colour publishes on the engine's host, by a name that is none of
// its own.
func publishes(c check.Check, m model.Model) bool {
	host, port := c.Host()
	named := slices.ContainsFunc(m.Services, func(s model.Service) bool { return named(s, host) })
	return !named && slices.ContainsFunc(m.Services, func(s model.Service) bool { return published(s, port) })
}

func named(s model.Service, host string) bool {
	return slices.ContainsFunc(s.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

func published(s model.Service, port string) bool {
	return port != "" && slices.ContainsFunc(s.HostPorts, func(p string) bool {
		p, proto, _ := strings.Cut(p, "/")
		return proto != "udp" && p[strings.LastIndex(p, ":")+1:] == port
	})
}

// ServiceOf is the service that a check is about; empty where that cannot be told.
func ServiceOf(c check.Check, m model.Model) string {
	if c.Service != "" {
		return c.Service
	}
	host, port := c.Host()
	for _, s := range m.Services {
		if named(s, host) || (c.Loopback() || publishes(c, m)) && published(s, port) {
			return s.Name
		}
	}
	return ""
}

// planChecks decides from where the checks of the colour are asked, and refuses those of which that cannot be told.
func (p *Plan) planChecks(o Observation, s Settings) error {
	for _, all := range []struct {
		given []check.Check
		to    *[]check.Check
	}{{s.Checks[p.Release.To], &p.Checks}, {s.Bake.Checks[p.Release.To], &p.InBake}} {
		for _, c := range all.given {
			c, said, err := o.WithOrigin(c, p.Release.To)
			if p.find(said...); err != nil {
				return err
			}
			*all.to = append(*all.to, c)
		}
	}
	return nil
}
