package model

import (
	"net"
	"slices"
	"strings"
)

// Published is a port of a service that the engine's host answers for.
type Published struct {
	IP     string // of the host; empty: all of its addresses
	Port   int    // on the host
	Target int    // in the container
}

// SeenFrom is the same directory for an nginx to which some hosts are the engine's own: there the published ports
// are addresses of the colours too. So are those of the other machines of a cluster.
func (d *Addresses) SeenFrom(isEngine func(host string) bool) *Addresses {
	seen := *d
	seen.isEngine = func(host string) bool { return isEngine(host) || slices.Contains(d.app.Hosts, host) }
	return &seen
}

// IsEngine says whether a host is the engine's own to who asks.
func (d *Addresses) IsEngine(host string) bool { return d.isEngine != nil && d.isEngine(hostKey(host)) }

// PublishedBy are the colours of which a service publishes a port on the engine's host; none to who does not reach that host.
func (d *Addresses) PublishedBy(port int) (owners []Endpoint) {
	if d.isEngine == nil {
		return nil
	}
	return d.publishers("", port)
}

// Publishes says whether any service of the colours has a port on the engine's host.
func (d *Addresses) Publishes() bool {
	for _, m := range d.app.Models {
		for _, s := range m.Services {
			if len(s.Published) > 0 {
				return true
			}
		}
	}
	return false
}

// OnlyPublished is the directory without the names: for an nginx on none of the colours' networks, these names are
// another application's.
func (d *Addresses) OnlyPublished() *Addresses {
	seen := *d
	seen.hosts, seen.also = map[string][]Endpoint{}, map[string][]Endpoint{}
	return &seen
}

// HasNames says whether the colours have names here: for who sees OnlyPublished they have none.
func (d *Addresses) HasNames() bool { return len(d.also) > 0 }

// published finds whose port of the engine's host it is.
func (d *Addresses) published(host string, port int) (e Endpoint, found bool, err error) {
	for _, colour := range Colours {
		for _, s := range d.app.Models[colour].Services {
			if !slices.ContainsFunc(s.Published, func(p Published) bool { return p.Port == port && p.Answers(host) }) {
				continue
			}
			if found {
				return e, false, Refuse(SwitchPointAmbiguous, "port %d of the engine's host is published by %s %s and by %s %s: give each colour a port of its own",
					port, e.Colour, e.Service, colour, s.Name)
			}
			e, found = Endpoint{Colour: colour, Service: s.Name, Host: bare(host), Port: port, Published: true}, true
		}
	}
	return e, found, nil
}

// publishers are the services that publish a port of the engine's host.
func (d *Addresses) publishers(host string, port int) (all []Endpoint) {
	for _, colour := range Colours {
		for _, s := range d.app.Models[colour].Services {
			if slices.ContainsFunc(s.Published, func(p Published) bool { return p.Port == port && p.Answers(host) }) {
				all = append(all, Endpoint{Colour: colour, Service: s.Name, Published: true})
			}
		}
	}
	return all
}

// Answers says whether a port that is bound to one of the host's addresses may answer under this name of the host.
func (p Published) Answers(host string) bool {
	bound, named := net.ParseIP(bare(p.IP)), net.ParseIP(strings.Trim(host, "[]"))
	return bound == nil || bound.IsUnspecified() || named == nil || bound.Equal(named)
}

// counterpartPublished is the other colour's port for the same port of the container, on the same host.
func counterpartPublished(from, to Service, e Endpoint) (Endpoint, error) {
	at := slices.IndexFunc(from.Published, func(p Published) bool { return p.Port == e.Port && p.Answers(e.Host) })
	out := Endpoint{Colour: e.Colour.Other(), Service: to.Name, Host: e.Host, Published: true}
	same := func(p Published) bool { return at >= 0 && p.Target == from.Published[at].Target && p.Answers(e.Host) }
	switch i := slices.IndexFunc(to.Published, same); {
	case i >= 0 && !slices.ContainsFunc(to.Published[i+1:], same):
		out.Port = to.Published[i].Port
	case at >= 0 && len(from.Published) == len(to.Published) && to.Published[at].Answers(e.Host):
		out.Port = to.Published[at].Port
	case len(to.Published) == 1 && to.Published[0].Answers(e.Host):
		out.Port = to.Published[0].Port
	default:
		return out, Refuse(SwitchPointNotFound, "nginx reaches %s %s at %s, and which port %s %s publishes in its place cannot be told; publish the same ports of the container in both, each on a host port of its own",
			e.Colour, from.Name, e.Address(), out.Colour, to.Name)
	}
	return out, nil
}
