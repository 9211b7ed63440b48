package adopt

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"bluegate/deploy/model"
)

// Proposal is the content of bluegate.yml. What the conventions find is left empty.
type Proposal struct {
	Name     string // of the application
	Swarm    bool   // each colour is a stack of a Swarm
	Files    []string
	EnvFiles []string
	Project  string
	Services []string
	Keys     map[model.Colour]map[string]string // port: 8081
	Env      map[model.Colour]map[string]string // PORT: 8081, for Compose
	// Running are the services without a healthcheck that pass when they run, by their names without the colour.
	Running []string
	Checks  []string // http://… or host:port
	Nginx   Nginx
}

// Nginx is the section nginx.
type Nginx struct {
	Container string
	Mode      string
	From, To  string
	Values    []string
}

// hasColour says whether files or project differ between the colours.
func (p Proposal) hasColour() bool {
	return strings.Contains(strings.Join(p.Files, "")+strings.Join(p.EnvFiles, "")+p.Project, "{colour}")
}

// size is how much a proposal says.
func (p Proposal) size() int { return strings.Count(p.YAML(), ":") }

// YAML returns the text of the file, or "" if none is needed.
func (p Proposal) YAML() string {
	var b strings.Builder
	if p.Swarm {
		b.WriteString("engine: swarm\n")
	}
	if p.Name != "" {
		b.WriteString("project: " + p.Name + "\n")
	}
	section(&b, "compose", pair{"files", p.Files}, pair{"env_files", p.EnvFiles}, pair{"project", p.Project}, pair{"services", p.Services})
	section(&b, "colours", pair{"blue", p.colour(model.Blue)}, pair{"green", p.colour(model.Green)})
	var running []pair
	for _, service := range p.Running {
		running = append(running, pair{service, "running"})
	}
	section(&b, "gate", pair{"without_healthcheck", running})
	if len(p.Checks) > 0 {
		b.WriteString("checks: " + checks(p.Checks))
	}
	n := p.Nginx
	section(&b, "nginx", pair{"container", n.Container}, pair{"mode", n.Mode}, pair{"from", n.From}, pair{"to", n.To}, pair{"values", n.Values})
	return b.String()
}

// checks writes a check each, in one line if there is one.
func checks(targets []string) string {
	items := make([]string, len(targets))
	for i, target := range targets {
		kind := "tcp"
		if strings.Contains(target, "://") {
			kind = "http"
		}
		items[i] = "{" + kind + ": " + quoted(target) + "}"
	}
	if len(items) == 1 {
		return "[" + items[0] + "]\n"
	}
	return "\n  - " + strings.Join(items, "\n  - ") + "\n"
}

type pair struct {
	key   string
	value any
}

// maxLine is the longest section that is written in one line.
const maxLine = 110

// section writes the keys of a section that have a value, in one line if they fit.
func section(b *strings.Builder, name string, pairs ...pair) {
	var items []string
	for _, p := range pairs {
		if text := flow(p.value); text != "" {
			items = append(items, p.key+": "+text)
		}
	}
	if len(items) == 0 {
		return
	}
	if line := name + ": {" + strings.Join(items, ", ") + "}\n"; len(line) <= maxLine {
		b.WriteString(line)
		return
	}
	b.WriteString(name + ":\n  " + strings.Join(items, "\n  ") + "\n")
}

func flow(value any) string {
	switch v := value.(type) {
	case string:
		if v == "" {
			return ""
		}
		return quoted(v)
	case bool:
		if v {
			return "true"
		}
		return ""
	case []string:
		if len(v) == 0 {
			return ""
		}
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = quoted(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case []pair:
		var items []string
		for _, p := range v {
			items = append(items, p.key+": "+flow(p.value))
		}
		if len(items) == 0 {
			return ""
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return ""
}

func (p Proposal) colour(c model.Colour) (out []pair) {
	for _, key := range slices.Sorted(maps.Keys(p.Keys[c])) {
		out = append(out, pair{key, p.Keys[c][key]})
	}
	var env []pair
	for _, name := range slices.Sorted(maps.Keys(p.Env[c])) {
		env = append(env, pair{name, p.Env[c][name]})
	}
	if len(env) > 0 {
		out = append(out, pair{"env", env})
	}
	return out
}

// plainText matches text that YAML reads without quotes as text, or as a number that bluegate reads as text.
var plainText = regexp.MustCompile(`^[A-Za-z0-9_/][A-Za-z0-9_./-]*$`)

func quoted(text string) string {
	if plainText.MatchString(text) {
		return text
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b) // a JSON string is valid YAML
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text)
	return strings.TrimSuffix(b.String(), "\n")
}
