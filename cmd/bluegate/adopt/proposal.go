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
	Files    []string
	Project  string
	Services []string
	Keys     map[model.Colour]map[string]string // port: 8081
	Env      map[model.Colour]map[string]string // PORT: 8081, for Compose
	// Running means that services without a healthcheck pass when they run, because of Check.
	Running bool
	Check   string
	Nginx   Nginx
}

// Nginx is the section nginx.
type Nginx struct {
	Container      string
	Host           bool
	Mode           string
	From, To, Text string
	Values         []string
}

// YAML returns the text of the file, or "" if none is needed.
func (p Proposal) YAML() string {
	var b strings.Builder
	if p.Name != "" {
		b.WriteString("project: " + p.Name + "\n")
	}
	section(&b, "compose", pair{"files", p.Files}, pair{"project", p.Project}, pair{"services", p.Services})
	section(&b, "colours", pair{"blue", p.colour(model.Blue)}, pair{"green", p.colour(model.Green)})
	if p.Running {
		section(&b, "gate", pair{"without_healthcheck", "running"})
	}
	if p.Check != "" {
		b.WriteString("checks: [{http: " + quoted(p.Check) + "}]\n")
	}
	n := p.Nginx
	section(&b, "nginx", pair{"container", n.Container}, pair{"host", n.Host}, pair{"mode", n.Mode}, pair{"from", n.From}, pair{"to", n.To}, pair{"text", n.Text}, pair{"values", n.Values})
	return b.String()
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
