package mode

import (
	"fmt"
	"slices"
	"strings"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// References is what a configuration says of the colours: which of its words carry one, and where each of these leads.
type References struct {
	tree      []*conf.File
	dir       *model.Addresses
	ports     conf.Ports // behind variables
	upstreams []string
	twins     twins
	defaults  map[*conf.Directive]bool // the servers that answer for every host that no other one answers for
	both      map[spot]bool            // the addresses that stand in the same form for both colours
}

// spot is an offset in a file.
type spot struct {
	path  string
	start int
}

// ReferencesOf reads what a configuration says of the colours, whose addresses are in dir. It changes neither.
func ReferencesOf(tree []*conf.File, dir *model.Addresses) (References, error) {
	r := References{tree: tree, dir: dir, ports: conf.PortsBehind(tree)}
	for _, file := range tree {
		r.upstreams = append(r.upstreams, file.Upstreams()...)
	}
	var err error
	if r.twins, err = twinsOf(tree, dir); err != nil {
		return r, err
	}
	r.defaults = defaultServers(tree)
	r.both = map[spot]bool{}
	for _, m := range pair(r.Mentions(Scope{})) {
		if m.Paired {
			r.both[m.at] = true
		}
	}
	return r, nil
}

// points are the words that carry a colour: addresses of either, and names that choose one of two upstreams. Of
// variables only the named ones count.
func (r References) points(values []string) ([]model.SwitchPoint, error) {
	var points []model.SwitchPoint
	for _, file := range r.tree {
		all := file.Points()
		if len(values) > 0 {
			all = append(all, file.Values(values...)...)
		}
		found, err := r.among(file, all)
		if err != nil {
			return nil, err
		}
		points = append(points, found...)
	}
	return points, nil
}

func (r References) among(file *conf.File, candidates []conf.Point) (points []model.SwitchPoint, err error) {
	for _, p := range candidates {
		if r.twins.holds(p) || r.both[spot{p.Path, p.Start}] {
			continue
		}
		e, found, err := r.carries(file, p)
		if err != nil {
			return nil, err
		}
		if found {
			_, behind := r.ports.Of(file.Src, p)
			points = append(points, model.SwitchPoint{
				Place: fmt.Sprintf("%s:%d", p.Path, p.Line), Directive: p.Directive, Upstream: p.Upstream,
				Address: string(file.Src[p.Start:p.End]), Endpoint: e, Path: p.Path, Start: p.Start, End: p.End, PortBehind: behind,
			})
		}
	}
	slices.SortStableFunc(points, func(a, b model.SwitchPoint) int { return a.Start - b.Start })
	return points, nil
}

// carries says which colour a word means. A *_pass that names an upstream is no address, wherever that upstream stands;
// it carries a colour when it is one of a pair.
func (r References) carries(file *conf.File, p conf.Point) (model.Endpoint, bool, error) {
	if p.Directive != "server" {
		if t, ok := r.twins.named(p.Host, p.Port); ok {
			return t.ends[0], true, nil
		}
		if p.RefersTo(r.upstreams) {
			return model.Endpoint{}, false, nil
		}
	}
	port, _ := r.ports.Of(file.Src, p)
	if e, found, err := r.dir.Find(p.Host, port); found || err != nil {
		return e, found, err
	}
	if p.Variable != "" && p.Port == "" { // `set $active blue;`, from which an upstream's name is made
		if ends := r.twins.of(model.Colour(p.Host)); len(ends) > 0 {
			return ends[0], true, nil
		}
	}
	return model.Endpoint{}, false, nil
}

// bare says whether a point is nothing but a colour's word, the value of a variable.
func (r References) bare(p model.SwitchPoint) bool {
	return (p.Directive == "set" || p.Directive == "map") && p.Address == string(p.Endpoint.Colour) && len(r.twins.of(p.Endpoint.Colour)) > 0
}

// leads says to which addresses a point sends traffic.
func (r References) leads(p model.SwitchPoint) []model.Endpoint {
	if p.Directive != "server" && !hasPort(p.Address) {
		if t, ok := r.twins.named(p.Address, ""); ok {
			return t.ends
		}
		if r.bare(p) {
			return r.twins.of(p.Endpoint.Colour)
		}
	}
	return []model.Endpoint{p.Endpoint}
}

// Counterpart is what stands at a point when the other colour is live, and where that leads.
func (r References) Counterpart(p model.SwitchPoint) (string, []model.Endpoint, error) {
	if p.Directive != "server" && !hasPort(p.Address) {
		if t, ok := r.twins.named(p.Address, ""); ok {
			other, _ := r.twins.named(t.other, "")
			return other.name, other.ends, nil
		}
		if r.bare(p) {
			other := p.Endpoint.Colour.Other()
			return string(other), r.twins.of(other), nil
		}
	}
	e, err := r.dir.Counterpart(p.Endpoint)
	if err == nil && p.PortBehind && e.Port != p.Endpoint.Port {
		err = model.Refuse(model.SwitchPointNotFound, "%s: %s has its port where the variable is used, %d, and %s listens on %d: write both into the value, %s, and none behind the variable",
			p.Place, p.Address, p.Endpoint.Port, e.Host, e.Port, p.Endpoint.Address())
	}
	return Written(p, e), []model.Endpoint{e}, err
}

// Written is an address in the form in which the place had it: without a port where the default one serves both.
func Written(p model.SwitchPoint, e model.Endpoint) string {
	if e.Port == p.Endpoint.Port && !hasPort(p.Address) {
		if strings.Contains(e.Host, ":") {
			return "[" + e.Host + "]"
		}
		return e.Host
	}
	return e.Address()
}

// hasPort reports whether a port stands behind the host of an address as it was written. The colons of an IPv6 address
// stand in brackets.
func hasPort(address string) bool {
	return strings.Contains(address[strings.LastIndexByte(address, ']')+1:], ":")
}

// routes are all addresses of a colour to which traffic can go; those of a pair of upstreams, of which another word
// chooses one, count too.
func (r References) routes(colour model.Colour) ([]model.Endpoint, error) {
	var ends []model.Endpoint
	for _, file := range r.tree {
		points, err := r.among(file, slices.Concat(file.Points(), file.Values()))
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			if p.Endpoint.Colour == colour {
				ends = addNew(ends, r.leads(p)...)
			}
		}
	}
	return ends, nil
}

func addNew(ends []model.Endpoint, more ...model.Endpoint) []model.Endpoint {
	for _, e := range more {
		if !slices.Contains(ends, e) {
			ends = append(ends, e)
		}
	}
	return ends
}

// NamesAny says whether a configuration names an address of either colour, wherever that stands.
func NamesAny(tree []*conf.File, dir *model.Addresses) (bool, error) {
	ports := conf.PortsBehind(tree)
	for _, file := range tree {
		for _, p := range slices.Concat(file.Points(), file.Values()) {
			port, _ := ports.Of(file.Src, p)
			if _, found, err := dir.Find(p.Host, port); found || err != nil {
				return true, err
			}
		}
	}
	return false, nil
}

// PointsOf are the points of a configuration. Of variables only the named ones count.
func PointsOf(tree []*conf.File, dir *model.Addresses, values ...string) ([]model.SwitchPoint, error) {
	r, err := ReferencesOf(tree, dir)
	if err != nil {
		return nil, err
	}
	return r.points(values)
}
