package mode

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx/conf"
)

// harmless are the directives that may mention a host and send no traffic to it.
var harmless = []string{"server_name", "add_header", "add_trailer", "return", "log_format", "error_page", "sub_filter", "proxy_redirect", "proxy_set_header", "proxy_cookie_domain", "valid_referers", "access_log", "error_log", "index", "alias", "root", "allow", "deny", "set_real_ip_from", "zone"}

// Scope says what of a configuration a switch changes.
type Scope struct {
	points   []model.SwitchPoint
	live     string          // the file that is replaced; empty where files are edited
	decided  map[string]bool // the variables whose values the flag decides
	standing []string        // upstreams that stand for both colours, though their names do not say so
}

// changes reports whether a switch changes what a file holds at an offset, as the value of a variable if it is one.
func (s Scope) changes(file *conf.File, offset int, variable string) bool {
	return file.Path == s.live || variable != "" && s.decided[variable] ||
		slices.ContainsFunc(s.points, func(p model.SwitchPoint) bool { return p.Path == file.Path && p.Start == offset && p.End > 0 })
}

// leftOver fills in what the configuration says of the colours besides what a switch changes: Mentions, Paired, Findings
// and LeftOver. There are three cases: a switch point; a mention that exists in the same form for both colours; and any other
// mention. The last is refused where it is one of the live colour, which a switch is going to stop.
func (c Configuration) leftOver(dir *model.Addresses, route *model.Route, s Scope) error {
	r, err := ReferencesOf(c.Tree, dir)
	if err != nil {
		return err
	}
	found := r.Mentions(s)
	choosers, shown := r.choosers(s, found)
	found = pair(append(found, choosers...))
	route.Findings = append(route.Findings, shown...)
	for _, m := range found {
		if m.Paired && m.atLoad {
			route.Paired = addNew(route.Paired, m.end)
		}
		if m.Paired && m.strays {
			m.Paired, m.Remedy = false, "let another server be the default one of that address, such as `server { listen 80 default_server; return 444; }`"
		}
		route.Mentions = append(route.Mentions, m.Mention)
	}
	route.Findings = append(route.Findings, r.notSwitched(route.Names, s)...)
	if left := route.Unpaired(route.Names); route.Names != model.None && len(left) > 0 {
		route.LeftOver = model.LeftOver(c.Nginx.String(), route.Names, left)
	}
	return nil
}

// mention is a place that names an address of a colour.
type mention struct {
	model.Mention
	end    model.Endpoint
	at     spot
	form   string // what stands there and around it, without the address and the colour's words
	marked bool   // what stands around it carries the colour's word, so that it can exist once for each
	atLoad bool   // nginx looks the host up when it loads its configuration
	// strays says that the server around it answers for hosts that are the name of none, and that of the other colour's form
	// does not: then not only those come who choose a colour.
	strays bool
	// probes says that it stands in a location for this colour's health, so that only those come who ask for that.
	probes bool
}

// serves says whether requests lead there that a switch does not lead elsewhere, while this colour is live.
func (m mention) serves(live model.Colour) bool {
	return m.Colour == live && (!m.Paired || m.strays)
}

// Mentions lists every place that names an address of either colour, or an upstream of one, and that no switch changes.
func (r References) Mentions(s Scope) (found []mention) {
	for _, file := range r.tree {
		addresses := map[*conf.Directive]bool{} // whose paths and parameters send nothing anywhere
		for _, p := range slices.Concat(file.Points(), file.Values()) {
			addresses[directiveAt(file, p.Start)] = true
			if !s.changes(file, p.Start, p.Variable) {
				found = append(found, r.atPoint(file, p, s)...)
			}
		}
		for _, colour := range model.Colours {
			for _, m := range file.Mentions(slices.Concat(r.dir.HostsOf(colour), r.twins.names(colour))) {
				d := directiveAt(file, m.Start)
				if d == nil || addresses[d] || m.Directive == "upstream" || slices.Contains(harmless, m.Directive) && !lookedUp(m) || s.changes(file, m.Start, assigned(file, d)) {
					continue
				}
				if d.Name.Value == "location" && r.dir.Shared(m.Host) { // a path may have a segment that is called like a service of both
					continue
				}
				e := model.Endpoint{Colour: colour, Host: m.Host}
				for _, owner := range r.dir.Owners(m.Host) {
					if owner.Colour == colour {
						e.Service = owner.Service
					}
				}
				at := r.mention(file, d, e, m.Start, m.Start+len(m.Host), m.Text)
				if r.dir.Shared(m.Host) {
					at.Remedy = "it leads to both colours: give each a name of its own, and name that"
				}
				found = append(found, at)
			}
		}
		found = append(found, r.published(file, addresses, s)...)
	}
	return found
}

// lookedUp says whether nginx looks a host up when it loads a directive that sends no requests there: it cannot start once
// that host is stopped.
func lookedUp(m conf.Mention) bool {
	return m.Directive == "set_real_ip_from" || (m.Directive == "access_log" || m.Directive == "error_log") && strings.Contains(m.Text, "syslog:")
}

// atPoint is what an address names: the services behind it, or a pair's upstream.
func (r References) atPoint(file *conf.File, p conf.Point, s Scope) (found []mention) {
	d, text := directiveAt(file, p.Start), string(file.Src[p.Start:p.End])
	if d == nil {
		return nil
	}
	if p.Variable != "" && len(d.Args) > 0 { // with its scheme
		text = d.Args[len(d.Args)-1].Value
	}
	if p.Directive != "server" {
		if t, ok := r.twins.named(p.Host, p.Port); ok {
			m := r.mention(file, d, model.Endpoint{Colour: t.colour, Host: t.name}, p.Start, p.End, text)
			m.Directive = p.Directive
			return []mention{m}
		}
		if p.RefersTo(r.upstreams) {
			return nil
		}
	}
	port, _ := r.ports.Of(file.Src, p)
	for _, e := range r.dir.Mentioned(p.Host, port) {
		m := r.mention(file, d, e, p.Start, p.End, text)
		m.Directive, m.Variable = p.Directive, p.Variable
		m.Paired = r.twins.holds(p) || p.Directive == "server" && slices.ContainsFunc(s.standing, func(name string) bool { return strings.EqualFold(name, p.Upstream) })
		m.atLoad = p.Variable == "" && !e.Published && loadsHost(d)
		m.Remedy = r.remedy(e, p, s)
		if _, found, err := r.dir.Find(p.Host, e.Port); !found && err == nil && !e.Published && r.dir.Knows(p.Host) {
			m.Undeclared = r.dir.Undeclared(e)
		}
		found = append(found, m)
	}
	return found
}

func (r References) mention(file *conf.File, d *conf.Directive, e model.Endpoint, start, end int, text string) mention {
	line, _ := file.Position(start)
	m := mention{end: e, at: spot{file.Path, start}, Mention: model.Mention{
		Colour: e.Colour, Place: fmt.Sprintf("%s:%d", file.Path, line), Directive: d.Name.Value, Text: text,
		Remedy: "put the address into an upstream and name that, or list the variable in nginx.values",
	}}
	m.form, m.marked = r.formOf(file, d, start, end, e.Colour)
	m.form += " " + r.dir.KeyOf(e)
	m.probes = r.probes(file, d, e.Colour)
	m.strays = slices.ContainsFunc(r.blocksAround(file, d), func(b *conf.Directive) bool { return r.defaults[b] })
	return m
}

// remedy is the edit that makes a switch point of an address, or takes it away.
func (r References) remedy(e model.Endpoint, p conf.Point, s Scope) string {
	_, found, err := r.dir.Find(p.Host, e.Port)
	switch {
	case found && s.live != "":
		return fmt.Sprintf("move it into %s, which a switch replaces", s.live)
	case found || err != nil || p.Variable != "" && !r.dir.Knows(p.Host):
		return "put the address into an upstream and name that, or list the variable in nginx.values"
	case e.Published:
		return "let nginx name a port that both colours publish"
	case r.dir.Knows(p.Host):
		return fmt.Sprintf("declare the port %d with `expose` for %s and for the service that takes its place, or remove it", e.Port, e.Service)
	}
	return fmt.Sprintf("write %s, or remove it", r.dir.Named(e))
}

// pair marks the mentions that exist in the same form for both colours, and those that only serve to look at one.
func pair(found []mention) []mention {
	forms := map[model.Colour]map[string]mention{model.Blue: {}, model.Green: {}}
	for _, m := range found {
		forms[m.Colour][m.form] = m
	}
	for i, m := range found {
		if other, ok := forms[m.Colour.Other()][m.form]; m.marked && ok {
			found[i].Paired, found[i].strays = true, m.strays && !other.strays
		}
		if m.probes {
			found[i].Paired, found[i].strays = true, false
		}
	}
	return found
}

// notSwitched tells of places that mention the live colour and send no traffic anywhere.
func (r References) notSwitched(live model.Colour, s Scope) (findings []model.Finding) {
	for _, file := range r.tree {
		if file.Path == s.live {
			continue
		}
		for _, m := range file.Mentions(r.dir.HostsOf(live)) {
			if slices.Contains(harmless, m.Directive) {
				findings = append(findings, model.Finding{Code: "not-switched", Place: fmt.Sprintf("%s:%d", m.Path, m.Line),
					Message: fmt.Sprintf("%s mentions %s and is not changed by a switch: %s", m.Directive, live, redact.Sanitize(m.Text))})
			}
		}
	}
	return findings
}

// formOf is what a place and the blocks around it look like without the address and with {colour} for the colour's words,
// so that the other colour's has the same form. marked says that something besides the address carries the colour; the name of
// an upstream that is no twin does not count, because nobody looks who chooses it.
func (r References) formOf(file *conf.File, d *conf.Directive, start, end int, colour model.Colour) (form string, marked bool) {
	src := string(file.Src)
	leaf := src[d.Start:start] + "{address}" + src[end:d.End]
	blocks := []string{}
	for _, b := range r.blocksAround(file, d) {
		head := blockHead(b)
		blocks = append(blocks, head)
		marked = marked || withoutColour(head, colour) != head && (b.Name.Value != "upstream" || r.isTwin(b))
		if b.Name.Value == "map" && len(blocks) == 1 { // the key of a row chooses
			blocks = append(blocks, d.Name.Value)
			marked = marked || withoutColour(d.Name.Value, colour) != d.Name.Value
		}
	}
	words := strings.Join(blocks, " < ")
	return strings.Join(strings.Fields(withoutColour(leaf, colour)), " ") + " < " + withoutColour(words, colour), marked
}

func (r References) isTwin(upstream *conf.Directive) bool {
	return len(upstream.Args) > 0 && r.twins[strings.ToLower(upstream.Args[0].Value)].other != ""
}

// blocksAround are the blocks that a directive stands in, the innermost first. Those of an included file continue with those
// that its include stands in.
func (r References) blocksAround(file *conf.File, d *conf.Directive) (blocks []*conf.Directive) {
	for b := file.Enclosing(d); b != nil; {
		blocks = append(blocks, b)
		if b.Parent != nil {
			b = b.Parent
			continue
		}
		i := slices.IndexFunc(r.tree, func(f *conf.File) bool { return slices.Contains(f.Directives, b) })
		if i < 0 {
			break
		}
		b = r.tree[i].Enclosing(b)
	}
	return blocks
}

// blockHead is what a block begins with, and which hosts a server answers for.
func blockHead(b *conf.Directive) string {
	words := b.Name.Value + " " + joined(b.Args)
	if b.Name.Value != "server" {
		return words
	}
	for _, d := range conf.Within(b) {
		if d.Name.Value == "server_name" {
			words += " " + joined(d.Args)
		}
	}
	return words
}

// withoutColour puts {colour} in the place of the colour's words: was_blue, /health/blue and blue.example, but not bluebird.
func withoutColour(text string, colour model.Colour) string {
	var out strings.Builder
	for text != "" {
		n := 0
		for n < len(text) && isLetterOrDigit(text[n]) {
			n++
		}
		if strings.EqualFold(text[:n], string(colour)) {
			out.WriteString("{colour}")
		} else {
			out.WriteString(text[:n])
		}
		if text = text[n:]; text != "" {
			out.WriteByte(text[0])
			text = text[1:]
		}
	}
	return out.String()
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= 0x80
}

// directiveAt is the innermost directive that an offset stands in.
func directiveAt(file *conf.File, offset int) (at *conf.Directive) {
	for level := file.Directives; ; level = at.Block { // in the order of the file
		i := sort.Search(len(level), func(i int) bool { return level[i].End > offset })
		if i == len(level) || level[i].Start > offset {
			return at
		}
		at = level[i]
	}
}

// assigned is the variable that a directive gives a value; empty where it gives none.
func assigned(file *conf.File, d *conf.Directive) string {
	if d.Name.Value == "set" && len(d.Args) > 0 {
		return strings.TrimPrefix(d.Args[0].Value, "$")
	}
	if b := file.Enclosing(d); b != nil && b.Name.Value == "map" && len(b.Args) == 2 {
		return strings.TrimPrefix(b.Args[1].Value, "$")
	}
	return ""
}

// loadsHost reports whether nginx looks up the host of a server or a *_pass when it loads its configuration: a server
// without `resolve`, and an address in which no variable stands.
func loadsHost(d *conf.Directive) bool {
	if d.Name.Value == "server" {
		return !slices.ContainsFunc(d.Args, func(a conf.Arg) bool { return a.Value == "resolve" })
	}
	return len(d.Args) > 0 && !strings.Contains(d.Args[0].Value, "$")
}
