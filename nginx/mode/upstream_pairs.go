package mode

import (
	"maps"
	"slices"
	"strings"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// twin is an upstream that exists once per colour: `upstream was_blue { … }` next to `upstream was_green { … }`. Which of
// the two gets traffic is chosen elsewhere, so its servers carry no colour: the name that chooses does.
type twin struct {
	name   string
	colour model.Colour
	other  string           // the name of the other colour's
	ends   []model.Endpoint // its servers
}

// twins are all of them by their lower-case names; nginx does not mind the case of an upstream's name either.
type twins map[string]twin

// twinsOf finds the upstreams that come in pairs: the names differ in the colour's word only, and each one's servers are
// addresses of its own colour, or of neither.
func twinsOf(tree []*conf.File, dir *model.Addresses) (twins, error) {
	all, mixed := twins{}, map[string]bool{}
	for _, file := range tree {
		for _, p := range file.Points() {
			if p.Directive != "server" || p.Upstream == "" {
				continue
			}
			port := conf.PortOf(file.Src, p)
			e, found, err := dir.Find(p.Host, port)
			if err != nil {
				return nil, err
			}
			if owners := dir.Mentioned(p.Host, port); !found && len(owners) == 1 { // a port or a name that is not declared
				e, found = owners[0], true
			} else if !found && len(owners) == 0 { // nobody's: a spare of both
				continue
			}
			key := strings.ToLower(p.Upstream)
			t := all[key]
			if !found || t.colour != model.None && t.colour != e.Colour {
				mixed[key] = true
			}
			all[key] = twin{name: p.Upstream, colour: e.Colour, ends: append(t.ends, e)}
		}
	}
	paired := twins{}
	for key, t := range all {
		other, ok := swapWord(t.name, t.colour)
		partner, exists := all[strings.ToLower(other)]
		if ok && exists && !mixed[key] && !mixed[strings.ToLower(other)] && partner.colour == t.colour.Other() {
			t.other = partner.name
			paired[key] = t
		}
	}
	return paired, nil
}

// swapWord puts the other colour in the place of a colour's word in a name: was_blue becomes was_green, bluebird stays.
func swapWord(name string, colour model.Colour) (string, bool) {
	key := model.ServiceKey(name, colour)
	return strings.ReplaceAll(key, "{colour}", string(colour.Other())), colour != model.None && strings.Contains(key, "{colour}")
}

// named is the twin that a host names; no port stands behind the name of an upstream.
func (t twins) named(host, port string) (twin, bool) {
	if port != "" {
		return twin{}, false
	}
	found, ok := t[strings.ToLower(host)]
	return found, ok
}

// names are those of a colour's upstreams that come in pairs.
func (t twins) names(colour model.Colour) (names []string) {
	for _, twin := range t {
		if twin.colour == colour {
			names = append(names, twin.name)
		}
	}
	return names
}

// holds says whether a point is a server of one of the pairs.
func (t twins) holds(p conf.Point) bool {
	_, ok := t[strings.ToLower(p.Upstream)]
	return ok && p.Directive == "server"
}

// of are the servers of all upstreams of a colour that come in pairs.
func (t twins) of(colour model.Colour) (ends []model.Endpoint) {
	for _, key := range slices.Sorted(maps.Keys(t)) {
		if t[key].colour == colour {
			ends = addNew(ends, t[key].ends...)
		}
	}
	return ends
}
