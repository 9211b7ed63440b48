package oracle

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// World is an engine and its nginx at one moment.
type World struct {
	Files  map[string]string // nginx's
	Main   string
	Boxes  map[string]Box // containers of the colours, by name
	Held   []string       // the names that lead to the container that holds names
	Others []string       // host names that lead to containers of nobody's colour
}

// Box is a container of a colour.
type Box struct {
	Colour, Service string
	Names           []string // and addresses
	Runs            bool
	Twin            string // the name of the other colour's service that takes its place
}

// route is a way that a request can take.
type route struct {
	place   string
	context string // the blocks around it, and what chose it
	host    string
	atLoad  bool // nginx looks the host up when it loads its configuration
}

var colourWord = regexp.MustCompile(`(?i)(^|[^a-z0-9])(blue|green)($|[^a-z0-9])`)

// perColour says that a context has a colour in it: such a way is there for each colour, and users choose it.
func perColour(context string) bool { return colourWord.MatchString(context) }

// swap puts the other colour's word in the place of each.
func swap(text string) string {
	return strings.NewReplacer("blue", "green", "green", "blue", "BLUE", "GREEN", "GREEN", "BLUE").Replace(text)
}

// contextOf is what the blocks around a directive say. The first server is asked for every host that no server has, so that its
// own names do not say who comes.
func contextOf(around []*node) string { return said(around, false) }

// said is what blocks say, with the names of the first server or without.
func said(around []*node, first bool) string {
	var parts []string
	for _, n := range around {
		parts = append(parts, strings.Join(n.words, " "))
		for _, inner := range n.block {
			if n.name() == "server" && (first || !n.first) && inner.name() == "server_name" {
				parts = append(parts, strings.Join(inner.words, " "))
			}
		}
	}
	return strings.Join(parts, " > ")
}

// value is what a variable may hold, and what chose it.
type value struct{ text, context string }

// flagged says whether an if looks for a file, and whether that is there.
func (w World) flagged(n *node) (looks, there bool) {
	if n.name() != "if" || len(n.words) != 3 || n.words[1] != "(-f" {
		return false, false
	}
	_, there = w.Files[strings.TrimSuffix(n.words[2], ")")]
	return true, there
}

// decided are the variables that such an if sets, and to what.
func (w World) decided(nodes []*node) (names, values map[string]string) {
	names, values = map[string]string{}, map[string]string{}
	walk(nodes, nil, func(n *node, around []*node) {
		if n.name() != "set" || len(n.words) != 3 || len(around) == 0 {
			return
		}
		if looks, there := w.flagged(around[len(around)-1]); looks {
			name := strings.TrimPrefix(n.words[1], "$")
			if names[name] = n.words[2]; there {
				values[name] = n.words[2]
			}
		}
	})
	return names, values
}

// values are those of all variables.
func (w World) values(nodes []*node) map[string][]value {
	all := map[string][]value{}
	names, set := w.decided(nodes)
	for name, text := range set {
		all[name] = []value{{text: text}}
	}
	walk(nodes, nil, func(n *node, around []*node) {
		switch {
		case n.name() == "set" && len(n.words) == 3:
			name := strings.TrimPrefix(n.words[1], "$")
			if looks, _ := w.flagged(around[len(around)-1]); looks || names[name] != "" && set[name] != "" {
				return
			}
			all[name] = append(all[name], value{n.words[2], contextOf(around)})
		case len(around) > 0 && isTable(around[len(around)-1]) && len(n.words) == 2:
			table := around[len(around)-1]
			name := strings.TrimPrefix(table.words[len(table.words)-1], "$")
			all[name] = append(all[name], value{n.words[1], "row " + n.words[0]})
		}
	})
	return all
}

var variable = regexp.MustCompile(`\$(\{[a-zA-Z0-9_]+\}|[a-zA-Z0-9_]+)`)

// expanded is what a text may become. A variable that is not known is left out.
func expanded(text string, known map[string][]value, depth int) []value {
	at := variable.FindStringIndex(text)
	if at == nil || depth > 4 {
		return []value{{text: text}}
	}
	name := strings.Trim(text[at[0]:at[1]], "${}")
	options := known[name]
	if len(options) == 0 {
		options = []value{{}}
	}
	var all []value
	for _, o := range options {
		for _, rest := range expanded(text[:at[0]]+o.text+text[at[1]:], known, depth+1) {
			all = append(all, value{rest.text, strings.Trim(o.context+" > "+rest.context, " >")})
		}
	}
	return all
}

// routes are all ways that requests can take.
func (w World) routes() (all []route) {
	nodes := w.read()
	known, upstreams := w.values(nodes), map[string][]route{}
	walk(nodes, nil, func(n *node, around []*node) {
		if n.name() != "server" || n.block != nil || len(around) == 0 || around[len(around)-1].name() != "upstream" || len(n.words) < 2 {
			return
		}
		name := strings.ToLower(around[len(around)-1].words[1])
		r := route{place: fmt.Sprintf("%s:%d", n.file, n.line), host: hostOf(n.words[1]), context: "upstream " + name, atLoad: !slices.Contains(n.words, "resolve")}
		upstreams[name] = append(upstreams[name], r)
	})
	used := map[string]bool{}
	walk(nodes, nil, func(n *node, around []*node) {
		if !strings.HasSuffix(n.name(), "_pass") || len(n.words) < 2 {
			return
		}
		place, context := fmt.Sprintf("%s:%d", n.file, n.line), contextOf(around)
		for _, v := range expanded(n.words[1], known, 0) {
			host, whole := hostOf(v.text), strings.Trim(context+" > "+v.context, " >")
			servers, named := upstreams[strings.ToLower(authority(v.text))]
			used[strings.ToLower(host)] = used[strings.ToLower(host)] || named
			for _, s := range servers {
				all = append(all, route{place, whole, s.host, s.atLoad})
			}
			if !named && host != "" && host != "unix" { // what listens on a socket, no name tells
				all = append(all, route{place, whole, host, !strings.Contains(n.words[1], "$")})
			}
		}
	})
	for _, name := range slices.Sorted(maps.Keys(upstreams)) {
		if !used[name] { // nginx looks its hosts up all the same
			for _, s := range upstreams[name] {
				s.context += " spare"
				all = append(all, s)
			}
		}
	}
	return all
}

// authority is what stands between a scheme and a path.
func authority(text string) string {
	if _, rest, ok := strings.Cut(text, "://"); ok {
		text = rest
	}
	text, _, _ = strings.Cut(text, "/")
	return text
}

func hostOf(text string) string {
	host, _, _ := strings.Cut(authority(text), ":")
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// owners are the containers that have a name or an address, whether they run or not.
func (w World) owners(host string) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(w.Boxes)) {
		if slices.ContainsFunc(w.Boxes[name].Names, func(n string) bool { return strings.EqualFold(n, host) }) {
			names = append(names, name)
		}
	}
	return names
}

// answers says whether something that runs answers to a host.
func (w World) answers(host string) bool {
	return slices.Contains(w.Others, host) || slices.ContainsFunc(w.owners(host), func(name string) bool { return w.Boxes[name].Runs })
}

var address = regexp.MustCompile(`^[0-9.]+$`)

// resolves says whether nginx finds a host when it loads its configuration.
func (w World) resolves(host string) bool {
	return w.answers(host) || address.MatchString(host) || slices.ContainsFunc(w.Held, func(held string) bool { return strings.EqualFold(held, host) })
}

// CanStart says why nginx could not be started; empty: it can.
func (w World) CanStart() string {
	for _, one := range w.lookups() {
		if !w.resolves(hostOf(one.text)) {
			return fmt.Sprintf("host not found: %s at %s", one.text, one.place)
		}
	}
	for _, r := range w.routes() {
		if r.atLoad && !w.resolves(r.host) {
			return fmt.Sprintf("host not found: %s at %s", r.host, r.place)
		}
	}
	return ""
}

// Unresolved are the hosts of the ways that are there for each colour and that nginx could not look up.
func (w World) Unresolved() (hosts []string) {
	for _, r := range w.routes() {
		if r.atLoad && perColour(r.context) && !w.resolves(r.host) && !slices.Contains(hosts, r.host) {
			hosts = append(hosts, r.host)
		}
	}
	return hosts
}

// Answering are the containers that answer to a host.
func (w World) Answering(host string) []string {
	return slices.DeleteFunc(w.owners(hostOf(host)), func(name string) bool { return !w.Boxes[name].Runs })
}

// Leads says by which way users reach a container; empty: none does. A way that users choose by a colour's name is none.
func (w World) Leads(container string) string {
	for _, r := range w.routes() {
		if !perColour(r.context) && !strings.HasSuffix(r.context, " spare") && slices.Contains(w.owners(r.host), container) {
			return fmt.Sprintf("%s at %s", r.host, r.place)
		}
	}
	return ""
}
