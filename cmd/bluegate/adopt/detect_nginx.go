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

// nginx chooses how the switch is made: as the script does, otherwise as the live file shows. Mode edit needs no
// setting.
func (l *detector) nginx() {
	n := &l.setup.Proposal.Nginx
	if s := l.script(func(s *Script) bool { return s.Mode != "" }); s != nil {
		n.Mode, n.From, n.To, n.Text = s.Mode, path.Clean(s.From), path.Clean(s.To), s.Text
		if s.From == "" {
			n.From = ""
		}
		if n.Mode == "link" && !path.IsAbs(n.From) && !l.exists(expandColour(n.From, model.Blue)) { // the target of a link is relative to the link
			n.From = path.Join(path.Dir(n.To), n.From)
		}
	} else if found := preparedFiles(l.dir); len(found) == 1 {
		n.Mode, n.From, n.To = "copy", found[0].From, found[0].To
		if found[0].Link {
			n.Mode = "link"
		}
		l.found(n.To, "equals %s for one of the colours", found[0].From)
	}
	if s := l.script(func(s *Script) bool { return s.Container != "" || s.Service != "" || s.OnHost }); s != nil {
		l.setup.Container = s.Container
		n.Host = s.OnHost && s.Container == "" && s.Service == ""
	}
	if n.Mode == "" {
		n.Values = l.values()
	}
}

func (l *detector) exists(name string) bool {
	_, err := fs.Stat(l.dir, name)
	return err == nil
}

// values returns the variables in nginx's configuration that contain an address of a colour. Such a variable is changed
// only if it is listed.
func (l *detector) values() (found []string) {
	look := func(name string, text []byte) {
		for _, variable := range l.valuesIn(name, text) {
			if !slices.Contains(found, variable) {
				found = append(found, variable)
				l.found(name, "variable $%s contains the address of a colour", variable)
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

// valuesIn returns those of one file. A map with both colours chooses between them and is not switched.
func (l *detector) valuesIn(name string, text []byte) (found []string) {
	file, err := conf.Parse(name, text)
	if err != nil {
		return nil
	}
	chosen := map[string]map[string]bool{}
	for _, point := range file.Values() {
		if colourPattern(point.Host) == point.Host && !l.isPort(point.Port) {
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

// isPort says whether a port belongs to a colour, according to a script.
func (l *detector) isPort(port string) bool {
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

// health proposes the script's own request as a check if no service has a healthcheck.
func (l *detector) health(files []string) {
	services := 0
	for _, pattern := range files {
		if c := l.files[expandColour(pattern, model.Blue)]; c != nil {
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

// colours sets each key that the proposal uses, and the variables of the Compose files that differ between the colours.
func (l *detector) colours(files []string) {
	p := &l.setup.Proposal
	p.Keys, p.Env = map[model.Colour]map[string]string{}, map[model.Colour]map[string]string{}
	texts := append([]string{p.Project, p.Check, p.Nginx.From, p.Nginx.Text}, p.Files...)
	for _, found := range placeholder.FindAllStringSubmatch(strings.Join(texts, " "), -1) {
		for _, colour := range model.Colours {
			if value, ok := l.keyValue(found[1])[colour]; ok {
				put(p.Keys, colour, found[1], value)
			}
		}
	}
	var used []string
	for _, pattern := range files {
		if c := l.files[expandColour(pattern, model.Blue)]; c != nil {
			used = append(used, c.variables()...)
		}
	}
	for _, name := range used {
		for _, colour := range model.Colours {
			if value, ok := l.envValue(name, colour); ok {
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

// keyValue returns the value of a key in the scripts for a colour.
func (l *detector) keyValue(name string) map[model.Colour]string {
	for _, s := range l.scripts {
		if values := s.variables.keys[name]; len(values) == 2 {
			return values
		}
	}
	return nil
}

// envValue returns the value of a Compose file's variable for a colour, from the scripts and the colour's env file.
func (l *detector) envValue(name string, colour model.Colour) (string, bool) {
	for _, s := range l.scripts {
		pattern, ok := s.Env[name]
		if key, perColour := s.variables.perColour(name); !ok && perColour {
			pattern, ok = "{"+key+"}", true
		}
		if !ok && s.variables.colours[name] {
			pattern, ok = "{colour}", true
		}
		if ok {
			return l.expand(pattern, colour), true
		}
		if !strings.Contains(s.EnvFile, "{colour}") {
			continue
		}
		pairs, err := dotenv.UnmarshalBytesWithLookup(read(l.dir, path.Clean(expandColour(s.EnvFile, colour))), nil)
		if value, ok := pairs[name]; err == nil && ok && !redact.IsSecretName(name) {
			return value, true
		}
	}
	return "", false
}

// expand replaces a colour and its keys in a pattern.
func (l *detector) expand(pattern string, colour model.Colour) string {
	return placeholder.ReplaceAllStringFunc(pattern, func(found string) string {
		if found == "{colour}" {
			return string(colour)
		}
		if value, ok := l.keyValue(strings.Trim(found, "{}"))[colour]; ok {
			return value
		}
		return found
	})
}
