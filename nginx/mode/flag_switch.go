package mode

import (
	"fmt"
	"slices"
	"strings"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// A flag is a file that nginx looks for at each request: `if (-f /etc/nginx/bluegate/green.on) { set $bg green; }`. Where
// traffic goes with it and without it, the configuration says; so it is worked out and not configured.
type flag struct {
	File    string
	with    []model.Endpoint // where requests go while the file is there
	without []model.Endpoint
	place   string // file:line of the if
	path    string // the file of that
}

// colours are those that nginx serves with the file and without it.
func (f flag) colours() (with, without model.Colour) { return f.with[0].Colour, f.without[0].Colour }

// points are the places that carry a colour: all at the if.
func (f flag) points(colour model.Colour) (points []model.SwitchPoint) {
	for _, e := range f.of(colour) {
		points = append(points, model.SwitchPoint{Place: f.place, Directive: "if", Address: e.Address(), Endpoint: e, Path: f.path})
	}
	return points
}

// of says where requests of a colour go.
func (f flag) of(colour model.Colour) []model.Endpoint {
	if with, _ := f.colours(); with == colour {
		return f.with
	}
	return f.without
}

// flagOf works out what a configuration does with the flag. A *RefusedError says what keeps it from being one.
func flagOf(tree []*conf.File, dir *model.Addresses, file string) (flag, error) {
	f := flag{File: file}
	w := world{tree: tree, dir: dir}
	tests := w.testsOf(file)
	if len(tests) == 0 {
		return f, model.Refuse(model.SwitchPointNotFound, "no `if (-f %s) { set $… …; }` stands in nginx's configuration: mode flag needs one, see docs/switching.md", file)
	}
	f.place, f.path = tests[0].place, tests[0].file.Path
	var err error
	if f.with, err = w.reached(tests, true); err != nil {
		return f, err
	}
	if f.without, err = w.reached(tests, false); err != nil {
		return f, err
	}
	for _, side := range []struct {
		ends []model.Endpoint
		when string
	}{{f.with, "with"}, {f.without, "without"}} {
		if len(side.ends) == 0 {
			return f, model.Refuse(model.SwitchPointNotFound, "%s: %s the file %s no *_pass goes to an address of either colour (%s)", f.place, side.when, file, strings.Join(dir.Addresses(), ", "))
		}
		for _, e := range side.ends {
			if e.Colour != side.ends[0].Colour {
				return f, model.Refuse(model.SwitchPointAmbiguous, "%s: %s the file %s requests go to both colours, to %s and to %s", f.place, side.when, file, side.ends[0].Address(), e.Address())
			}
		}
	}
	if with, without := f.colours(); with == without {
		return f, model.Refuse(model.SwitchPointAmbiguous, "%s: requests go to %s with the file %s and without it", f.place, with, file)
	}
	return f, nil
}

// world evaluates what the values of variables lead to.
type world struct {
	tree []*conf.File
	dir  *model.Addresses
}

// flagTest is one if that looks for the file.
type flagTest struct {
	place  string
	file   *conf.File
	at     *conf.Directive
	exists bool // true for -f, false for !-f
}

func (w world) testsOf(name string) (tests []flagTest) {
	for _, file := range w.tree {
		file.Walk(func(d *conf.Directive) bool {
			if d.Name.Value != "if" || !d.HasBlock {
				return true
			}
			words := strings.Fields(strings.Trim(joined(d.Args), "()"))
			if len(words) == 2 && (words[0] == "-f" || words[0] == "!-f") && words[1] == name {
				line, _ := file.Position(d.Start)
				tests = append(tests, flagTest{place: fmt.Sprintf("%s:%d", file.Path, line), file: file, at: d, exists: words[0] == "-f"})
			}
			return true
		})
	}
	return tests
}

func joined(args []conf.Arg) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = a.Value
	}
	return strings.Join(words, " ")
}

// reached is where every *_pass that depends on the flag's variables goes.
func (w world) reached(tests []flagTest, exists bool) (ends []model.Endpoint, err error) {
	values := w.values(tests, exists)
	for _, file := range w.tree {
		file.Walk(func(d *conf.Directive) bool {
			if err != nil || len(d.Args) == 0 || !strings.HasSuffix(d.Name.Value, "_pass") || !w.depends(d.Args[0].Value, values) {
				return err == nil
			}
			var found []model.Endpoint
			if found, err = w.resolve(d.Name.Value, expandVariables(d.Args[0].Value, w.value(values))); err == nil {
				for _, e := range found {
					if !slices.Contains(ends, e) {
						ends = append(ends, e)
					}
				}
			}
			return true
		})
	}
	return ends, err
}

// values are what the variables that the flag decides hold. What an if sets comes after what stands outside it.
func (w world) values(tests []flagTest, exists bool) map[string]string {
	decided, values := map[string]bool{}, map[string]string{}
	for _, t := range tests {
		for name := range sets(t.at.Block) {
			decided[name] = true
		}
	}
	for _, t := range tests {
		around := t.file.Directives
		if t.at.Parent != nil {
			around = t.at.Parent.Block
		}
		for name, value := range sets(around) {
			if _, known := values[name]; decided[name] && !known {
				values[name] = value
			}
		}
	}
	for _, t := range tests {
		if t.exists == exists {
			for name, value := range sets(t.at.Block) {
				values[name] = value
			}
		}
	}
	return values
}

func sets(block []*conf.Directive) map[string]string {
	out := map[string]string{}
	for _, d := range block {
		if d.Name.Value == "set" && len(d.Args) == 2 {
			out[strings.TrimPrefix(d.Args[0].Value, "$")] = d.Args[1].Value
		}
	}
	return out
}

// value looks a variable up: in what the flag decides, or in a map that turns such a variable into another word.
func (w world) value(values map[string]string) func(name string) (string, bool) {
	return func(name string) (string, bool) {
		if v, ok := values[name]; ok {
			return v, true
		}
		return w.mapped(name, values)
	}
}

func (w world) mapped(name string, values map[string]string) (out string, ok bool) {
	for _, file := range w.tree {
		file.Walk(func(d *conf.Directive) bool {
			if d.Name.Value != "map" || len(d.Args) != 2 || d.Args[1].Value != "$"+name {
				return true
			}
			key, known := values[strings.TrimPrefix(d.Args[0].Value, "$")]
			if !known {
				return true
			}
			for _, row := range d.Block {
				if len(row.Args) == 1 && (row.Name.Value == key || row.Name.Value == "default" && !ok) {
					out, ok = row.Args[0].Value, true
					if row.Name.Value == key {
						return false
					}
				}
			}
			return false
		})
	}
	return out, ok
}

func (w world) depends(value string, values map[string]string) bool {
	depends := false
	expandVariables(value, func(name string) (string, bool) {
		_, ok := w.value(values)(name)
		depends = depends || ok
		return "", false
	})
	return depends
}

// resolve says whose addresses a *_pass names once its variables are known: its own, or those of an upstream.
func (w world) resolve(directive, value string) ([]model.Endpoint, error) {
	p, ok := conf.Pass(directive, value)
	if !ok {
		return nil, nil
	}
	if p.Port == "" {
		if ends, err := w.upstream(p.Host); len(ends) > 0 || err != nil {
			return ends, err
		}
	}
	e, found, err := w.dir.Find(p.Host, conf.PortOf([]byte(value), p))
	if !found || err != nil {
		return nil, err
	}
	return []model.Endpoint{e}, nil
}

func (w world) upstream(name string) (ends []model.Endpoint, err error) {
	for _, file := range w.tree {
		for _, p := range file.Points() {
			if p.Directive != "server" || !strings.EqualFold(p.Upstream, name) {
				continue
			}
			e, found, err := w.dir.Find(p.Host, conf.PortOf(file.Src, p))
			if err != nil {
				return nil, err
			}
			if found {
				ends = append(ends, e)
			}
		}
	}
	return ends, nil
}

// expandVariables puts values in the place of $name and ${name}; what is not known stays as it is.
func expandVariables(text string, value func(name string) (string, bool)) string {
	var out strings.Builder
	for text != "" {
		name, rest := conf.CutVariable(text)
		if name == "" {
			out.WriteByte(text[0])
			text = text[1:]
			continue
		}
		if v, ok := value(name); ok {
			out.WriteString(v)
		} else {
			out.WriteString(text[:len(text)-len(rest)])
		}
		text = rest
	}
	return out.String()
}

// scopeOf is what a flag decides: the variables that it sets, those that a map makes of these, and the upstreams that they
// choose from. These stand for both colours.
func (w world) scopeOf(f flag) Scope {
	s := Scope{decided: map[string]bool{}}
	values := w.values(w.testsOf(f.File), true)
	for name := range values {
		s.decided[name] = true
	}
	for _, file := range w.tree {
		file.Walk(func(d *conf.Directive) bool {
			if d.Name.Value == "map" && len(d.Args) == 2 && w.depends(d.Args[1].Value, values) {
				s.decided[strings.TrimPrefix(d.Args[1].Value, "$")] = true
			}
			return true
		})
	}
	for _, u := range w.upstreamsOf(f) {
		s.standing = append(s.standing, u.Args[0].Value)
	}
	return s
}
