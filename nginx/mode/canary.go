package mode

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// Canary says which share of the clients gets the new colour, step by step, before all do.
type Canary struct {
	Steps []Step
	By    string // the key of a client: text with nginx's variables in it
}

// Step is one share, and how long it is kept.
type Step struct {
	Weight int // percent
	For    time.Duration
}

// Stepper is a Mode that can give a share of the clients the new colour.
type Stepper interface {
	// Steps are the changes from what is there now to each share of a canary; none where none is configured. A *RefusedError
	// names what in the configuration would not take part.
	Steps(c Configuration, route model.Route, change model.Change) ([]model.CanaryStep, error)
}

// sides is what a managed file holds while two colours get requests.
type sides struct {
	to     model.Colour
	weight int // of a canary; 0: testers alone get the new colour
	by     string
	cookie string // its value on the new colour's clients; another one in each canary
	new    map[string]string
}

// renderSide writes who gets the new colour: testers, and in a canary whoever has the cookie of this canary, and of the rest
// those that their key chooses. Only who has met the new colour by a canary gets its cookie, so that no one goes back and
// forth, and a larger share takes clients of the old colour only.
func (m ManagedFile) renderSide(b *strings.Builder) {
	s, rest := m.sides, `""`
	canary := s != nil && s.weight > 0
	side, cookieBy := Side, "$proxy_host"
	if m.testers.Any() {
		side, cookieBy = drawnVariable, `"`+testerVariable+`$proxy_host"`
	}
	if canary {
		fmt.Fprintf(b, "split_clients \"%s\" $bluegate_chosen {\n    %d%% %s;\n    * \"\";\n}\n", s.by, s.weight, sideSuffix)
		fmt.Fprintf(b, "map $cookie_%s %s {\n    \"%s\" %s;\n    default $bluegate_chosen;\n}\n", sideCookie, side, s.cookie, sideSuffix)
		rest = side
	}
	switch {
	case m.testers.Any():
		m.testers.render(b, rest)
	case !canary:
		fmt.Fprintf(b, "map \"\" %s { default \"\"; }\n", Side)
	}
	if !canary {
		fmt.Fprintf(b, "map \"\" %s { default \"\"; }\n\n", keyVariable)
		return
	}
	fmt.Fprintf(b, "map \"\" %s { default \"%s\"; }\n", keyVariable, s.by)
	fmt.Fprintf(b, "map %s $bluegate_cookie {\n    default \"\";\n", cookieBy)
	for _, name := range slices.Sorted(maps.Keys(s.new)) {
		fmt.Fprintf(b, "    %s%s \"%s=%s; Path=/; HttpOnly; SameSite=Lax\";\n", name, sideSuffix, sideCookie, s.cookie)
	}
	b.WriteString("}\nadd_header Set-Cookie $bluegate_cookie always;\n\n")
}

// head is the line that says which share the other colour has, or that testers have it.
func (s *sides) head() string {
	switch {
	case s == nil:
		return ""
	case s.weight == 0:
		return fmt.Sprintf("# preview %s\n", s.to)
	}
	return fmt.Sprintf("# canary %s %d\n", s.to, s.weight)
}

var otherHead = regexp.MustCompile(`(?m)^# (?:canary (blue|green) ([0-9]{1,2})|preview (blue|green))$`)

// readOther says by a file of ours which share of the clients the other colour has (nil: none), and whether testers alone
// have it (None: they have not).
func readOther(content []byte) (canary *model.CanaryShare, testers model.Colour) {
	m := otherHead.FindStringSubmatch(string(content))
	switch {
	case m == nil:
		return nil, model.None
	case m[3] != "":
		return nil, model.Colour(m[3])
	}
	weight, _ := strconv.Atoi(m[2])
	return &model.CanaryShare{Colour: model.Colour(m[1]), Weight: weight}, model.None
}

// Steps implements Stepper.
func (m managed) Steps(c Configuration, route model.Route, change model.Change) (steps []model.CanaryStep, err error) {
	if len(m.canary.Steps) == 0 || change.Empty() || route.Names == model.None || route.Names == change.To {
		return nil, nil
	}
	if err := m.takesPart(c, change.Files[0].Path, forCanary); err != nil {
		return nil, err
	}
	cookie := NewSwitchID()
	for _, step := range m.canary.Steps {
		one, err := m.between(route, change, &sides{to: change.To, weight: step.Weight, by: m.canary.By, cookie: cookie, new: m.files[change.To].Upstreams})
		if err != nil {
			return nil, err
		}
		steps = append(steps, model.CanaryStep{Weight: step.Weight, For: step.For, Change: one})
	}
	return steps, nil
}

// between is the change to a file in which both colours get requests.
func (m managed) between(route model.Route, change model.Change, both *sides) (model.Change, error) {
	next := m.files[route.Names]
	next.SwitchID, next.sides = NewSwitchID(), both
	f := change.Files[0]
	f.New = next.Render()
	if _, err := conf.Parse(f.Path, f.New); err != nil {
		return model.Change{}, model.Refuse(model.NginxTestFailed, "what %s would hold for both colours cannot be read: %v", f.Path, err)
	}
	s := model.Change{To: change.To, Nginx: change.Nginx, Files: []model.FileChange{f}, Points: change.Points, Routes: change.Routes}
	if next.Listen != "" {
		s.Proofs = next.proofsOfSide()
	}
	return s, nil
}

// proofsOfSide are the token, and where each upstream of the new colour leads.
func (m ManagedFile) proofsOfSide() []model.Proof {
	all := m.proofs()
	proofs := all[:1:1]
	for _, p := range all[1:] {
		p.URL += sideSuffix
		proofs = append(proofs, p)
	}
	return proofs
}

// part is what a place of the configuration takes part in.
type part struct {
	code model.Code
	name string
	set  string // the keys of bluegate.yml that ask for it
}

var (
	forCanary  = part{model.CanaryIncomplete, "the canary", "canary"}
	forPreview = part{model.PreviewIncomplete, "the preview through nginx", "preview.header and preview.cookie"}
)

// takesPart refuses a canary or a preview in which a service would keep all of its clients on the old colour, would get
// requests at another path than before, or would give one colour's clients what is cached of the other.
func (m managed) takesPart(c Configuration, own string, what part) error {
	var edits []string
	refuse := func(file *conf.File, d *conf.Directive, why string) {
		line, _ := file.Position(d.Start)
		edits = append(edits, fmt.Sprintf("%s:%d: %s", file.Path, line, why))
	}
	names, caches := m.files[model.Blue].Upstreams, cachesOf(c.Tree)
	for _, file := range c.Tree {
		if file.Path == own {
			if !strings.Contains(string(file.Src), " "+Side+" ") {
				return model.Refuse(what.code, "%s was written by an older bluegate and does not define %s yet; deploy once without %s, which writes it, then edit each *_pass as `bluegate doctor` shows", own, Side, what.set)
			}
			continue
		}
		file.Walk(func(d *conf.Directive) bool {
			m.partOf(file, d, names, refuse)
			if key, ok := strings.CutSuffix(d.Name.Value, "_cache_key"); ok && caches[key] && len(d.Args) == 1 && !separates(d.Args[0].Value) {
				refuse(file, d, fmt.Sprintf("answers of both colours would be cached under one key; write %s %q;", d.Name.Value, d.Args[0].Value+Side))
			}
			return true
		})
	}
	if len(edits) > 0 {
		return model.Refuse(what.code, "these places of %s would not take part in %s; edit them, and reload nginx:\n%s", c.Nginx, what.name, strings.Join(edits, "\n"))
	}
	return nil
}

// cachesOf are the kinds of upstream whose answers are cached anywhere: proxy, fastcgi, and so on.
func cachesOf(tree []*conf.File) map[string]bool {
	kinds := map[string]bool{}
	for _, file := range tree {
		file.Walk(func(d *conf.Directive) bool {
			if kind, ok := strings.CutSuffix(d.Name.Value, "_cache"); ok && len(d.Args) == 1 && d.Args[0].Value != "off" {
				kinds[kind] = true
			}
			return true
		})
	}
	return kinds
}

// separates says whether a key of a cache tells the colours apart.
func separates(key string) bool {
	return strings.Contains(key, "$proxy_host") || strings.Contains(key, Side) || strings.Contains(key, "${bluegate_side}")
}

// partOf tells of a directive that passes requests to an upstream of ours and does not choose the side.
func (m managed) partOf(file *conf.File, d *conf.Directive, names map[string]string, refuse func(*conf.File, *conf.Directive, string)) {
	if (d.Name.Value == "map" || d.Name.Value == "split_clients") && d.HasBlock && len(d.Args) > 0 && d.Args[len(d.Args)-1].Value == Side {
		refuse(file, d, fmt.Sprintf("%s is defined here too, and one value would serve two applications: one canary or preview at a time behind one nginx, so keep one of the two files", Side))
		return
	}
	if len(d.Args) == 0 {
		return
	}
	value := d.Args[0].Value
	bare := strings.Replace(value, Side, "", 1)
	host, isPass := conf.PassTarget(d.Name.Value, bare)
	name, ours := ownName(names, host)
	if !isPass || !ours {
		return
	}
	scheme, _, found := strings.Cut(bare, "://")
	if scheme += "://"; !found {
		scheme = ""
	}
	want := scheme + name + Side
	switch {
	case value == want:
	case bare != scheme+host:
		refuse(file, d, fmt.Sprintf("%s %s has a path or a port: with a variable nginx would send every request to that path; take it away with a rewrite, and write %s %s;", d.Name.Value, value, d.Name.Value, want))
	default:
		refuse(file, d, fmt.Sprintf("%s %s; becomes %s %s;", d.Name.Value, value, d.Name.Value, want))
	}
}

// ownName is the upstream of ours that a host names. nginx does not mind the case.
func ownName(names map[string]string, host string) (string, bool) {
	for name := range names {
		if strings.EqualFold(name, host) {
			return name, true
		}
	}
	return "", false
}

// canaryKey is what a key may be made of: variables and what separates them, and nothing that ends a directive.
var canaryKey = regexp.MustCompile(`^[A-Za-z0-9_.:|/${}-]*\$[A-Za-z0-9_.:|/${}-]+$`)

// clash refuses an upstream that has the name of another one's new side.
func clash(upstreams map[string]string) error {
	for name := range upstreams {
		if _, taken := ownName(upstreams, name+sideSuffix); taken {
			return model.Invalid("nginx.upstreams: %s%s is what a canary or a preview calls the new colour's side of %s; give it another name", name, sideSuffix, name)
		}
	}
	return nil
}

// check says what of a canary cannot be written. An *InvalidError names the key.
func (c Canary) check(upstreams map[string]string) error {
	if len(c.Steps) == 0 {
		return nil
	}
	if !canaryKey.MatchString(c.By) {
		return model.Invalid("canary.by: %q is no key such as $remote_addr: variables of nginx's, and letters, digits and _.:|/- between them", c.By)
	}
	last := 0
	for i, step := range c.Steps {
		if step.Weight <= last || step.Weight > 99 || step.For <= 0 {
			return model.Invalid("canary.steps[%d]: a step has a weight from 1 to 99, more than the one before, and a time: {weight: 5, for: 2m}", i)
		}
		last = step.Weight
	}
	return clash(upstreams)
}
