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
	weight int
	by     string
	cookie string // its value on the new colour's clients; another one in each canary
	new    map[string]string
}

// render writes who gets the new colour: whoever has the cookie of this canary, and of the rest those that their key
// chooses. Only who has met the new colour gets the cookie, so that no one goes back and forth, and a larger share takes
// clients of the old colour only.
func (s *sides) render(b *strings.Builder) {
	if s == nil {
		fmt.Fprintf(b, "map \"\" %s { default \"\"; }\nmap \"\" %s { default \"\"; }\n\n", Side, keyVariable)
		return
	}
	fmt.Fprintf(b, "split_clients \"%s\" $bluegate_chosen {\n    %d%% %s;\n    * \"\";\n}\n", s.by, s.weight, sideSuffix)
	fmt.Fprintf(b, "map $cookie_%s %s {\n    \"%s\" %s;\n    default $bluegate_chosen;\n}\n", sideCookie, Side, s.cookie, sideSuffix)
	fmt.Fprintf(b, "map \"\" %s { default \"%s\"; }\n", keyVariable, s.by)
	b.WriteString("map $proxy_host $bluegate_cookie {\n    default \"\";\n")
	for _, name := range slices.Sorted(maps.Keys(s.new)) {
		fmt.Fprintf(b, "    %s%s \"%s=%s; Path=/; HttpOnly; SameSite=Lax\";\n", name, sideSuffix, sideCookie, s.cookie)
	}
	b.WriteString("}\nadd_header Set-Cookie $bluegate_cookie always;\n\n")
}

// head is the line that says which share the other colour has.
func (s *sides) head() string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("# canary %s %d\n", s.to, s.weight)
}

var canaryHead = regexp.MustCompile(`(?m)^# canary (blue|green) ([0-9]{1,2})$`)

// readCanary says which share of the clients the other colour has by a file of ours; nil: none.
func readCanary(content []byte) *model.CanaryShare {
	m := canaryHead.FindStringSubmatch(string(content))
	if m == nil {
		return nil
	}
	weight, _ := strconv.Atoi(m[2])
	return &model.CanaryShare{Colour: model.Colour(m[1]), Weight: weight}
}

// Steps implements Stepper.
func (m managed) Steps(c Configuration, route model.Route, change model.Change) (steps []model.CanaryStep, err error) {
	if len(m.canary.Steps) == 0 || change.Empty() || route.Names == model.None || route.Names == change.To {
		return nil, nil
	}
	f := change.Files[0]
	if err := m.takesPart(c, f.Path); err != nil {
		return nil, err
	}
	cookie := NewSwitchID()
	for _, step := range m.canary.Steps {
		next := m.files[route.Names]
		next.SwitchID = NewSwitchID()
		next.sides = &sides{to: change.To, weight: step.Weight, by: m.canary.By, cookie: cookie, new: m.files[change.To].Upstreams}
		one := f
		one.New = next.Render()
		if _, err := conf.Parse(f.Path, one.New); err != nil {
			return nil, model.Refuse(model.NginxTestFailed, "what %s would hold for a canary cannot be read: %v", f.Path, err)
		}
		s := model.Change{To: change.To, Nginx: change.Nginx, Files: []model.FileChange{one}, Points: change.Points, Routes: change.Routes}
		if next.Listen != "" {
			s.Proofs = next.proofsOfSide()
		}
		steps = append(steps, model.CanaryStep{Weight: step.Weight, For: step.For, Change: s})
	}
	return steps, nil
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

// takesPart refuses a canary in which a service would keep all of its clients on the old colour, or would get requests at
// another path than before.
func (m managed) takesPart(c Configuration, own string) error {
	var edits []string
	refuse := func(file *conf.File, d *conf.Directive, why string) {
		line, _ := file.Position(d.Start)
		edits = append(edits, fmt.Sprintf("%s:%d: %s", file.Path, line, why))
	}
	names := m.files[model.Blue].Upstreams
	for _, file := range c.Tree {
		if file.Path == own {
			if !strings.Contains(string(file.Src), " "+Side+" ") {
				return model.Refuse(model.CanaryIncomplete, "%s was written by an older bluegate and does not define %s yet; deploy once without canary, which writes it, then edit each *_pass as `bluegate doctor` shows", own, Side)
			}
			continue
		}
		file.Walk(func(d *conf.Directive) bool {
			m.partOf(file, d, names, refuse)
			return true
		})
	}
	if len(edits) > 0 {
		return model.Refuse(model.CanaryIncomplete, "these places of %s would not take part in the canary; edit them, and reload nginx:\n%s", c.Nginx, strings.Join(edits, "\n"))
	}
	return nil
}

// partOf tells of a directive that passes requests to an upstream of ours and does not choose the side.
func (m managed) partOf(file *conf.File, d *conf.Directive, names map[string]string, refuse func(*conf.File, *conf.Directive, string)) {
	if (d.Name.Value == "map" || d.Name.Value == "split_clients") && d.HasBlock && len(d.Args) > 0 && d.Args[len(d.Args)-1].Value == Side {
		refuse(file, d, fmt.Sprintf("%s is defined here too, and one value would serve two applications: one canary at a time behind one nginx, so keep one of the two files", Side))
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
	for name := range upstreams {
		if _, taken := ownName(upstreams, name+sideSuffix); taken {
			return model.Invalid("nginx.upstreams: %s%s is what a canary calls the new colour's side of %s; give it another name", name, sideSuffix, name)
		}
	}
	return nil
}
