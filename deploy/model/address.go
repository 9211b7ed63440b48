package model

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Endpoint is an address under which nginx can reach a service of a colour.
type Endpoint struct {
	Colour  Colour
	Service string
	Host    string // an IPv6 address without brackets
	Port    int    // 0: the service declares none, so that any port may be its own
	// Published says that the host is the engine's own, and the port one that the service publishes there.
	Published bool
}

// Address is host:port as nginx's configuration writes it: an IPv6 address is in brackets.
func (e Endpoint) Address() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// bare is a host without the brackets that an IPv6 address has next to a port.
func bare(host string) string {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1]
	}
	return host
}

// hostKey is the form in which two spellings of a host are equal: without brackets, in lower case and without the dot of
// the root; an IP address as Go writes it.
func hostKey(host string) string {
	host = bare(host)
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().String()
	}
	if ip, ok := numericHost(host); ok {
		return ip.String()
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// Addresses knows the addresses of both colours: each service's key, container name and network aliases, with the
// ports that it listens on.
type Addresses struct {
	app   Application
	hosts map[string][]Endpoint // by lower-case host, one entry per colour and service
	// also has, by hostKey, every other name and address that leads to a service: hostname, name.network, IP addresses, the
	// short id of a container. A switch never writes one of them.
	also map[string][]Endpoint
	// isEngine says which hosts are the engine's own to who asks. nil: none is.
	isEngine func(host string) bool
}

// NewAddresses collects the addresses that the models declare.
func NewAddresses(app Application) *Addresses {
	d := &Addresses{app: app, hosts: map[string][]Endpoint{}, also: map[string][]Endpoint{}}
	for _, colour := range Colours {
		for _, s := range app.Models[colour].Services {
			for _, host := range s.Hosts {
				addOwner(d.hosts, strings.ToLower(host), Endpoint{Colour: colour, Service: s.Name, Host: host})
			}
			d.alsoKnown(Endpoint{Colour: colour, Service: s.Name}, slices.Concat(s.Hosts, s.Also), s.Networks)
		}
	}
	return d
}

// WithContainers adds what the engine says of the containers: names that the Compose files do not have any more, short
// ids, and the addresses that they have now.
func (d *Addresses) WithContainers(containers []Container) *Addresses {
	more := *d
	more.also = maps.Clone(d.also)
	for _, c := range containers {
		names := append([]string{c.Name}, c.Names...)
		if len(c.ID) >= shortID {
			names = append(names, c.ID[:shortID])
		}
		for _, ip := range c.Addresses {
			names = append(names, ip)
		}
		more.alsoKnown(Endpoint{Colour: c.Colour, Service: c.Service}, names, c.Networks())
	}
	return &more
}

// WithAliases adds names that only nginx knows: links of its container, and extra hosts. Each is another name of a host.
func (d *Addresses) WithAliases(aliases map[string]string) *Addresses {
	more := *d
	more.also = maps.Clone(d.also)
	for alias, host := range aliases {
		for _, e := range d.Owners(host) {
			more.alsoKnown(e, []string{alias}, nil)
		}
	}
	return &more
}

// shortID is the length of the id by which Docker's DNS knows a container.
const shortID = 12

// alsoKnown notes names of a service, by themselves and qualified with a network: Docker's DNS answers to NAME and to
// NAME.NETWORK. IP addresses are not qualified.
func (d *Addresses) alsoKnown(e Endpoint, names, networks []string) {
	for _, name := range names {
		if name == "" {
			continue
		}
		e.Host = bare(name)
		addOwner(d.also, hostKey(name), e)
		if _, err := netip.ParseAddr(e.Host); err == nil {
			continue
		}
		for _, network := range networks {
			e.Host = name + "." + network
			addOwner(d.also, hostKey(e.Host), e)
		}
	}
}

// addOwner notes a host of a service, once.
func addOwner(owners map[string][]Endpoint, key string, e Endpoint) {
	if !slices.ContainsFunc(owners[key], func(o Endpoint) bool { return o.Colour == e.Colour && o.Service == e.Service }) {
		owners[key] = append(owners[key], e)
	}
}

// Owners are the services that a host leads to, by whatever name or address, without a port. More than one means that
// either may answer.
func (d *Addresses) Owners(host string) []Endpoint { return d.also[hostKey(host)] }

// Mentioned are the services that host:port leads to, whether or not a switch could write it, and also where the service
// does not declare the port.
func (d *Addresses) Mentioned(host string, port int) []Endpoint {
	owners := slices.Clone(d.Owners(host))
	if len(owners) == 0 && d.IsEngine(host) {
		owners = d.publishers(host, port)
	}
	for i := range owners {
		owners[i].Host, owners[i].Port = bare(host), port
	}
	return owners
}

// Project is the application's name.
func (d *Addresses) Project() string { return d.app.Project }

// Find says whose address host:port is. found is false for an address of neither colour: a port that the service does
// not listen on is not its address. An address that two services have is a *RefusedError.
func (d *Addresses) Find(host string, port int) (e Endpoint, found bool, err error) {
	all := d.hosts[strings.ToLower(host)]
	switch {
	case len(all) == 0 && d.IsEngine(host):
		return d.published(host, port)
	case len(all) == 0:
		return Endpoint{}, false, nil
	case len(all) > 1:
		return Endpoint{}, false, Refuse(SwitchPointAmbiguous, "%q is a name of %s %s and of %s %s: nginx would reach either; give each colour a name of its own",
			host, all[0].Colour, all[0].Service, all[1].Colour, all[1].Service)
	}
	e = all[0]
	if i := slices.IndexFunc(d.Owners(host), func(o Endpoint) bool { return o.Colour != e.Colour }); i >= 0 {
		other := d.Owners(host)[i]
		return Endpoint{}, false, Refuse(SwitchPointAmbiguous, "%q is a name of %s %s, and %s %s has it too, as its hostname or by another name: nginx would reach either; give each colour a name of its own",
			host, e.Colour, e.Service, other.Colour, other.Service)
	}
	s, _ := d.app.Models[e.Colour].Service(e.Service)
	if len(s.Ports) > 0 && !slices.Contains(s.Ports, port) {
		return Endpoint{}, false, nil
	}
	e.Host, e.Port = bare(host), port
	return e, true, nil
}

// Counterpart is the address of the other colour that takes the place of e: the same kind of name of the service with
// the same key, with the port at the same position of its list.
func (d *Addresses) Counterpart(e Endpoint) (Endpoint, error) {
	from, _ := d.app.Models[e.Colour].Service(e.Service)
	model := d.app.Models[e.Colour.Other()]
	i := slices.IndexFunc(model.Services, func(s Service) bool { return s.Key == from.Key })
	if i < 0 {
		return Endpoint{}, Refuse(SwitchPointNotFound, "nginx names %s, but %s has no service that takes the place of %s", e.Address(), model.Colour, e.Service)
	}
	to := model.Services[i]
	if e.Published {
		return counterpartPublished(from, to, e)
	}
	port, err := counterpartPort(from, to, e.Port)
	if err != nil {
		return Endpoint{}, err
	}
	host := counterpartHost(from, to, e.Host)
	if !writable.MatchString(host) {
		return Endpoint{}, Refuse(SwitchPointNotFound, "nginx names %s, and in its place %s would be written, a name of %s %s that is none in nginx's configuration; give it a name of letters, digits, _ . and -",
			e.Address(), strconv.Quote(host), model.Colour, to.Name)
	}
	return Endpoint{Colour: model.Colour, Service: to.Name, Host: host, Port: port}, nil
}

// writable matches the hosts that a switch may write. The engine takes any text for an alias, and a ; or a brace would end a
// directive of nginx and begin another one.
var writable = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

func counterpartHost(from, to Service, host string) string {
	at := slices.IndexFunc(from.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
	if at >= 0 && len(from.Hosts) == len(to.Hosts) {
		return to.Hosts[at]
	}
	return to.Hosts[0]
}

func counterpartPort(from, to Service, port int) (int, error) {
	at := slices.Index(from.Ports, port)
	switch {
	case at >= 0 && len(from.Ports) == len(to.Ports):
		return to.Ports[at], nil
	case len(to.Ports) == 0, slices.Contains(to.Ports, port):
		return port, nil
	case len(to.Ports) == 1:
		return to.Ports[0], nil
	}
	return 0, Refuse(SwitchPointAmbiguous, "%s listens on %s and %s on %s: which port takes the place of %d cannot be told; declare the same number of ports with `expose` in both",
		from.Name, portList(from.Ports), to.Name, portList(to.Ports), port)
}

func portList(ports []int) string {
	if len(ports) == 0 {
		return "no declared port"
	}
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(ports)), ", "), "[]")
}

// ServiceKey is a service's name without its colour: was-blue and was-green both are was-{colour}. A name that does not
// carry the colour is its own key, as in projects that run one Compose project per colour.
func ServiceKey(name string, colour Colour) string {
	words := splitWords(name)
	for i, w := range words {
		if strings.EqualFold(w, string(colour)) {
			words[i] = "{colour}"
		}
	}
	return strings.Join(words, "")
}

// splitWords cuts a name at - _ and . and keeps these.
func splitWords(name string) []string {
	var words []string
	start := 0
	for i := range len(name) {
		if strings.IndexByte("-_.", name[i]) >= 0 {
			words = append(words, name[start:i], name[i:i+1])
			start = i + 1
		}
	}
	return append(words, name[start:])
}

// Owns says whether a Compose service is one of the colours' own.
func (d *Addresses) Owns(project, service string) bool {
	for _, m := range d.app.Models {
		if _, ok := m.Service(service); ok && m.ComposeProject == project {
			return true
		}
	}
	return false
}

// InProject says whether a Compose project is that of either colour.
func (d *Addresses) InProject(project string) bool {
	return slices.ContainsFunc(Colours[:], func(c Colour) bool { return project != "" && d.app.Models[c].ComposeProject == project })
}

// OnNetwork says whether any service of the colours is on one of these networks. The same names on another network are
// another application's: a staging copy has the names of the production that runs next to it.
func (d *Addresses) OnNetwork(names []string) bool {
	for _, m := range d.app.Models {
		for _, s := range m.Services {
			if slices.ContainsFunc(s.Networks, func(n string) bool { return slices.Contains(names, n) }) {
				return true
			}
		}
	}
	return false
}

// Network is one on which a service of the colours is; empty where they are on none.
func (d *Addresses) Network() string {
	for _, colour := range Colours {
		for _, s := range d.app.Models[colour].Services {
			if len(s.Networks) > 0 {
				return s.Networks[0]
			}
		}
	}
	return ""
}

// Knows says whether a host name is one of either colour.
func (d *Addresses) Knows(host string) bool { return len(d.hosts[strings.ToLower(host)]) > 0 }

// Undeclared are the ports that the Compose files lack so that a switch could change an address: that of its service, and
// that of the service that takes its place. There are none where nothing takes its place.
func (d *Addresses) Undeclared(e Endpoint) (ports []ServicePort) {
	from, _ := d.app.Models[e.Colour].Service(e.Service)
	for _, to := range d.app.Models[e.Colour.Other()].Services {
		if to.Key == from.Key && to.Name != from.Name {
			return []ServicePort{{from.Name, e.Port}, {to.Name, e.Port}}
		}
	}
	return nil
}

// KeyOf is what the service of an address is called without its colour; empty where its service is not known.
func (d *Addresses) KeyOf(e Endpoint) string {
	s, _ := d.app.Models[e.Colour].Service(e.Service)
	return s.Key
}

// Named is an address of the service of e that a switch can change.
func (d *Addresses) Named(e Endpoint) string {
	s, ok := d.app.Models[e.Colour].Service(e.Service)
	if !ok || len(s.Hosts) == 0 {
		return e.Address()
	}
	e.Host = s.Hosts[0]
	if len(s.Ports) > 0 && !slices.Contains(s.Ports, e.Port) {
		e.Port = s.Ports[0]
	}
	return e.Address()
}

// Examples are, for each colour, an address that a switch can change.
func (d *Addresses) Examples() map[Colour]string {
	out := map[Colour]string{}
	for _, colour := range Colours {
		for _, s := range d.app.Models[colour].Services {
			if len(s.Hosts) > 0 && !s.OneShot && out[colour] == "" {
				out[colour] = d.Named(Endpoint{Colour: colour, Service: s.Name, Host: s.Hosts[0], Port: 80})
			}
		}
	}
	return out
}

// HostsOf lists the names and addresses that this colour has, those too that the other one has as well.
func (d *Addresses) HostsOf(colour Colour) []string {
	var names []string
	for name, all := range d.also {
		if slices.ContainsFunc(all, func(e Endpoint) bool { return e.Colour == colour }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Shared says whether a host leads to both colours.
func (d *Addresses) Shared(host string) bool {
	owners := d.Owners(host)
	return slices.ContainsFunc(owners, func(e Endpoint) bool { return e.Colour != owners[0].Colour })
}

// Addresses lists what nginx's configuration could name, for a message that says what was looked for.
func (d *Addresses) Addresses() []string {
	var out []string
	for _, colour := range Colours {
		for _, s := range d.app.Models[colour].Services {
			for _, port := range s.Ports {
				out = append(out, net.JoinHostPort(s.Hosts[0], strconv.Itoa(port)))
			}
			if len(s.Ports) == 0 {
				out = append(out, s.Hosts[0])
			}
			for _, p := range s.Published {
				if d.isEngine != nil {
					out = append(out, net.JoinHostPort(cmp.Or(bare(p.IP), "127.0.0.1"), strconv.Itoa(p.Port)))
				}
			}
		}
	}
	return out
}
