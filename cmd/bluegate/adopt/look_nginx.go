package adopt

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx/conf"
)

// nginx decides how the switch is made: as the script makes it, else as the live file shows. An edit in place needs no
// word.
func (l *looking) nginx() {
	n := &l.setup.Proposal.Nginx
	if s := l.script(func(s *Script) bool { return s.Mode != "" }); s != nil {
		n.Mode, n.From, n.To, n.Text = s.Mode, path.Clean(s.From), path.Clean(s.To), s.Text
		if s.From == "" {
			n.From = ""
		}
		if n.Mode == "link" && !path.IsAbs(n.From) && !l.exists(of(n.From, model.Blue)) { // a link's target is relative to the link
			n.From = path.Join(path.Dir(n.To), n.From)
		}
	} else if found := preparedFiles(l.dir); len(found) == 1 {
		n.Mode, n.From, n.To = "copy", found[0].From, found[0].To
		if found[0].Link {
			n.Mode = "link"
		}
		l.saw(n.To, "is %s for one of the colours", found[0].From)
	}
	if s := l.script(func(s *Script) bool { return s.Container != "" || s.Service != "" || s.OnHost }); s != nil {
		l.setup.Container = s.Container
		n.Host = s.OnHost && s.Container == "" && s.Service == ""
	}
	if n.Mode == "" {
		n.Values = l.values()
	}
}

func (l *looking) exists(name string) bool {
	_, err := fs.Stat(l.dir, name)
	return err == nil
}

// values are the variables of nginx's configuration that hold an address of a colour. Such a variable is edited only when
// it is named.
func (l *looking) values() (found []string) {
	look := func(name string, text []byte) {
		for _, variable := range l.valuesIn(name, text) {
			if !slices.Contains(found, variable) {
				found = append(found, variable)
				l.saw(name, "variable $%s holds a colour's address", variable)
			}
		}
	}
	walk(l.dir, 4, func(name string) {
		if ext := path.Ext(name); ext == ".conf" || ext == ".inc" || ext == ".template" {
			look(name, read(l.dir, name))
		}
	})
	for _, s := range l.scripts {
		if s.OnHost && s.Mode == "" && path.IsAbs(s.To) {
			look(s.To, read(l.host, strings.TrimPrefix(path.Clean(s.To), "/")))
		}
	}
	return found
}

// valuesIn are those of one file. A map that names both colours chooses between them, and is not switched.
func (l *looking) valuesIn(name string, text []byte) (found []string) {
	file, err := conf.Parse(name, text)
	if err != nil {
		return nil
	}
	chosen := map[string]map[string]bool{}
	for _, point := range file.Values() {
		if painted(point.Host) == point.Host && !l.isPort(point.Port) {
			continue
		}
		if chosen[point.Variable] == nil {
			chosen[point.Variable] = map[string]bool{}
			found = append(found, point.Variable)
		}
		chosen[point.Variable][point.Host+":"+point.Port] = true
	}
	return slices.DeleteFunc(found, func(variable string) bool { return len(chosen[variable]) > 1 })
}

// isPort says whether a port is one of the colours', by a script.
func (l *looking) isPort(port string) bool {
	for _, s := range l.scripts {
		for _, values := range s.variables.keys {
			for _, value := range values {
				if value == port {
					return true
				}
			}
		}
	}
	return false
}

// health lets the script's own question take the place of a healthcheck, where no service has one.
func (l *looking) health(files []string) {
	services := 0
	for _, pattern := range files {
		if c := l.files[of(pattern, model.Blue)]; c != nil {
			for _, s := range c.Services {
				if s.shared() {
					continue
				}
				if services++; s.Healthcheck {
					return
				}
			}
		}
	}
	if s := l.script(func(s *Script) bool { return s.URL != "" }); s != nil && services > 0 {
		l.setup.Proposal.Check, l.setup.Proposal.Running = s.URL, true
	}
}

// placeholder matches {key}.
var placeholder = regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)

// colours gives a value to each key that the proposal uses, and to the variables of the Compose files that differ.
func (l *looking) colours(files []string) {
	p := &l.setup.Proposal
	p.Keys, p.Env = map[model.Colour]map[string]string{}, map[model.Colour]map[string]string{}
	texts := append([]string{p.Project, p.Check, p.Nginx.From, p.Nginx.Text}, p.Files...)
	for _, found := range placeholder.FindAllStringSubmatch(strings.Join(texts, " "), -1) {
		for _, colour := range model.Colours {
			if value, ok := l.key(found[1])[colour]; ok {
				put(p.Keys, colour, found[1], value)
			}
		}
	}
	var used []string
	for _, pattern := range files {
		if c := l.files[of(pattern, model.Blue)]; c != nil {
			used = append(used, c.variables()...)
		}
	}
	for _, name := range used {
		for _, colour := range model.Colours {
			if value, ok := l.env(name, colour); ok {
				put(p.Env, colour, name, value)
			}
		}
		if blue, green := p.Env[model.Blue][name], p.Env[model.Green][name]; blue == green {
			delete(p.Env[model.Blue], name)
			delete(p.Env[model.Green], name)
		}
	}
}

func put(into map[model.Colour]map[string]string, colour model.Colour, key, value string) {
	if into[colour] == nil {
		into[colour] = map[string]string{}
	}
	into[colour][key] = value
}

// key is what a key of the scripts is for each colour.
func (l *looking) key(name string) map[model.Colour]string {
	for _, s := range l.scripts {
		if values := s.variables.keys[name]; len(values) == 2 {
			return values
		}
	}
	return nil
}

// env is what a variable of a Compose file is for a colour, by the scripts and the colour's own env file.
func (l *looking) env(name string, colour model.Colour) (string, bool) {
	for _, s := range l.scripts {
		pattern, ok := s.Env[name]
		if key, perColour := s.variables.perColour(name); !ok && perColour {
			pattern, ok = "{"+key+"}", true
		}
		if !ok && s.variables.colours[name] {
			pattern, ok = "{colour}", true
		}
		if ok {
			return l.filled(pattern, colour), true
		}
		if !strings.Contains(s.EnvFile, "{colour}") {
			continue
		}
		pairs, err := dotenv.UnmarshalBytesWithLookup(read(l.dir, path.Clean(of(s.EnvFile, colour))), nil)
		if value, ok := pairs[name]; err == nil && ok && !redact.IsSecretName(name) {
			return value, true
		}
	}
	return "", false
}

// filled puts a colour and its keys into a pattern.
func (l *looking) filled(pattern string, colour model.Colour) string {
	return placeholder.ReplaceAllStringFunc(pattern, func(found string) string {
		if found == "{colour}" {
			return string(colour)
		}
		if value, ok := l.key(strings.Trim(found, "{}"))[colour]; ok {
			return value
		}
		return found
	})
}
