package deploy

import (
	"fmt"
	"slices"
	"strings"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
)

// withOrigin is a check that knows from where it is asked. Where nothing is said, a loopback address or a published port of
// the engine's is asked from here, and everything else from where nginx stands: that is whence users come.
func (r *run) withOrigin(c check.Check, colour model.Colour) (check.Check, error) {
	m := r.app.Models[colour]
	if c.From == check.Auto {
		var err error
		if c.From, err = originOf(c, m, r.Remote); err != nil {
			return c, err
		}
	}
	if c.From == check.Nginx && r.route.State == model.RouterAbsent {
		c.From, c.Service = check.Container, serviceOf(c, m)
		if c.Service == "" {
			c.Service = m.Services[0].Name
		}
		r.note(model.Finding{Code: "nginx-absent", Message: fmt.Sprintf("there is no nginx yet to ask %s from: it is asked from beside %s", c, c.Service)})
	}
	if c.From == check.Container {
		if _, known := m.Service(c.Service); !known {
			return c, model.Invalid("check %s: %s has no service %q to ask it from", c, colour, c.Service)
		}
	}
	return c, nil
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

// serviceOf is the service that a check is about; empty where that cannot be told.
func serviceOf(c check.Check, m model.Model) string {
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

// planChecks says before anything is touched what is wrong with the checks of the colour.
func (r *run) planChecks() error {
	for _, c := range slices.Concat(r.Settings.Checks[r.release.To], r.Settings.Bake.Checks[r.release.To]) {
		if _, err := r.withOrigin(c, r.release.To); err != nil {
			return err
		}
	}
	return nil
}
