package adopt

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"bluegate/deploy/model"
)

// Hints are what the scripts in a folder suggest, of whatever kind they are: shell, make, Python, a CI runner's
// configuration. They are only read for words; what is right is found out by trying.
type Hints struct {
	// Calls are the calls of Compose, each with its files, projects and environment files, with {colour}.
	Calls []Call
	// Probes are the requests that the scripts send to see whether the application is well.
	Probes []Probe
	// Observations say what was found where.
	Observations []Observation

	assigned []assignment
}

// Call is a call of Compose.
type Call struct{ Files, EnvFiles, Projects []string }

// Probe is a request of a script: inside a container where In is not empty.
type Probe struct{ In, Host, Port, Path, Place string }

// Observation is something that was found, and where.
type Observation struct {
	Place string `json:"place"`
	What  string `json:"what"`
}

// assignment is a value that a script gives a variable.
type assignment struct {
	name, value string
	file        string
	line        int
	near        model.Colour // the colour that the lines around it are about
}

var (
	assigning  = regexp.MustCompile(`(?:^|[\s;({"'])([A-Za-z_][A-Za-z0-9_]*)\s*(?::=|\?=|=)\s*("[^"]*"|'[^']*'|[^\s;&|)]*)`)
	composing  = regexp.MustCompile(`\bdocker[ -]compose\b`)
	flagged    = regexp.MustCompile(`(?:^|\s)(-f|--file|-p|--project-name|--env-file)[= ]\s*((?:\$\{\{[^}]*\}\}|\$\([A-Za-z_]\w*\)|"[^"]*"|'[^']*'|[^\s;&|)"'])+)`)
	requesting = regexp.MustCompile(`\b(?:curl|wget|requests\.get)\b`)
	address    = regexp.MustCompile(`https?://([A-Za-z0-9_.${}-]+?)(?::([0-9A-Za-z_${}]+))?(/[^\s"'` + "`" + `;|)]*)?(?:["'\s;|)]|$)`)
	executing  = regexp.MustCompile(`\bexec\s+(?:-[A-Za-z-]+\s+)*("[^"]*"|'[^']*'|\S+)`)
	reference  = regexp.MustCompile(`\$\{\{[^}]*?([A-Za-z_][A-Za-z0-9_]*)\s*\}\}|\$\{(?:params\.|env\.)?([A-Za-z_][A-Za-z0-9_]*)(?::?[-=?]([^}]*))?[^}]*\}|\$\(([A-Za-z_][A-Za-z0-9_]*)\)|\$\$?([A-Za-z_][A-Za-z0-9_]*)`)
	braces     = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*)\}`)
)

// isScript says whether a file is read for hints.
func isScript(name string, text []byte) bool {
	ext, base := path.Ext(name), path.Base(name)
	first, _, _ := strings.Cut(string(text[:min(len(text), 200)]), "\n")
	switch {
	case ext == ".sh", ext == ".bash", ext == ".py", ext == ".mk", ext == ".ps1", strings.HasPrefix(first, "#!"):
		return true
	case strings.EqualFold(base, "makefile"), base == "GNUmakefile", strings.HasPrefix(base, "Jenkinsfile"), ext == ".groovy", base == "justfile":
		return true
	}
	return (ext == ".yml" || ext == ".yaml") && (strings.HasPrefix(name, ".github/workflows/") || strings.HasPrefix(base, ".gitlab-ci") || base == "bitbucket-pipelines.yml" || base == "azure-pipelines.yml")
}

// ReadHints reads the scripts of a folder and of the folders in it.
func ReadHints(dir fs.FS) Hints {
	var h Hints
	var texts [][2]string
	look := func(name string) {
		if text := read(dir, name); text != nil && isScript(name, text) {
			texts = append(texts, [2]string{name, strings.ReplaceAll(string(text), "\\\n", " ")})
		}
	}
	walk(dir, 3, look)
	workflows, _ := fs.Glob(dir, ".github/workflows/*")
	for _, name := range workflows {
		look(name)
	}
	for _, t := range texts {
		h.assign(t[0], t[1])
	}
	for _, t := range texts {
		h.lines(t[0], t[1])
	}
	return h
}

// assign collects the assignments of a script.
func (h *Hints) assign(file, text string) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, found := range assigning.FindAllStringSubmatch(line, -1) {
			value := strings.Trim(found[2], `"'`)
			if value == "" || value == "$"+found[1] || value == "${"+found[1]+"}" {
				continue
			}
			h.assigned = append(h.assigned, assignment{found[1], value, file, i + 1, nearColour(lines, i)})
		}
	}
}

var isColour = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_]*)\s*=\s*["']?(blue|green)["']?(?:[\s;]|$)`)

// nearColour is the colour that is assigned on a line or on one of the two around it, the nearest one. A variable that is
// named after the live colour means the other one.
func nearColour(lines []string, at int) model.Colour {
	for _, distance := range []int{0, -1, 1, -2, 2} {
		if at+distance < 0 || at+distance >= len(lines) {
			continue
		}
		for _, found := range isColour.FindAllStringSubmatch(lines[at+distance], -1) {
			colour := model.Colour(found[2])
			if hasWord(found[1], oldWords) {
				colour = colour.Other()
			}
			return colour
		}
	}
	return model.None
}

// lines reads the calls of Compose and the requests of a script.
func (h *Hints) lines(file, text string) {
	see := func(line int, format string, args ...any) {
		seen := Observation{fmt.Sprintf("%s:%d", file, line), fmt.Sprintf(format, args...)}
		if !slices.Contains(h.Observations, seen) {
			h.Observations = append(h.Observations, seen)
		}
	}
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		if call, ok := h.call(line); ok {
			h.Calls = append(h.Calls, call)
			see(i+1, "calls Compose: %s", strings.TrimSpace(strings.Join(slices.Concat(call.Files, call.EnvFiles, call.Projects), " ")))
		}
		for _, p := range h.probes(line) {
			p.Place = fmt.Sprintf("%s:%d", file, i+1)
			h.Probes = append(h.Probes, p)
			see(i+1, "asks for %s", p.Path)
		}
	}
}

// call reads the flags of a call of Compose, or of what may be one: a command in a variable with the same flags.
func (h *Hints) call(line string) (c Call, ok bool) {
	flags := flagged.FindAllStringSubmatch(line, -1)
	if len(flags) == 0 || !composing.MatchString(line) && !strings.Contains(line, "$") && !strings.Contains(line, " up ") {
		return c, false
	}
	for _, f := range flags {
		values := h.Expand(strings.NewReplacer(`"`, "", "'", "").Replace(f[2]))
		switch f[1] {
		case "-f", "--file":
			if len(values) > 0 && (strings.Contains(f[2], ".y") || strings.Contains(f[2], "$") || strings.Contains(f[2], "{")) {
				c.Files = append(c.Files, strings.Join(values, "\n"))
			}
		case "-p", "--project-name":
			c.Projects = append(c.Projects, values...)
		case "--env-file":
			c.EnvFiles = append(c.EnvFiles, values[:min(len(values), 1)]...)
		}
	}
	return c, len(c.Files)+len(c.Projects)+len(c.EnvFiles) > 0
}

// FileLists are the lists of files of a call: one for each combination of what its variables may be.
func (c Call) FileLists() [][]string {
	lists := [][]string{nil}
	for _, alternatives := range c.Files {
		var more [][]string
		for _, list := range lists {
			for _, name := range strings.Split(alternatives, "\n") {
				more = append(more, append(slices.Clone(list), path.Clean(name)))
			}
		}
		lists = more[:min(len(more), 8)]
	}
	return lists
}

func (h *Hints) probes(line string) (out []Probe) {
	if !requesting.MatchString(line) {
		return nil
	}
	in := ""
	if found := executing.FindStringSubmatch(line); found != nil && strings.Contains(line, "docker") {
		in = first(h.Expand(strings.Trim(found[1], `"'`)))
	}
	for _, found := range address.FindAllStringSubmatch(line, -1) {
		p := Probe{In: in, Host: first(h.Expand(found[1])), Port: first(h.Expand(found[2])), Path: first(h.Expand(found[3]))}
		if !strings.ContainsAny(p.Path, "${") {
			out = append(out, p)
		}
	}
	return out
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// Expand returns what a text of a script may be, with {colour} for what is one of the colours: variables are replaced
// with each value that a script assigns, and with their defaults.
func (h *Hints) Expand(text string) []string {
	out := []string{}
	for _, t := range h.expand(text, 4) {
		if t = colourPattern(t); !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out[:min(len(out), 4)]
}

func (h *Hints) expand(text string, depth int) []string {
	at := reference.FindStringSubmatchIndex(text)
	name, fallback := "", ""
	if at == nil {
		if at = braces.FindStringSubmatchIndex(text); at == nil || text[at[2]:at[3]] == "colour" {
			return []string{text}
		}
		name = text[at[2]:at[3]]
	} else {
		for _, group := range []int{1, 2, 4, 5} {
			if at[2*group] >= 0 {
				name = text[at[2*group]:at[2*group+1]]
			}
		}
		if at[6] >= 0 {
			fallback = text[at[6]:at[7]]
		}
	}
	if depth == 0 {
		return nil
	}
	var out []string
	for _, value := range h.values(name, fallback) {
		for _, head := range h.expand(value, depth-1) {
			for _, rest := range h.expand(text[at[1]:], depth) {
				out = append(out, text[:at[0]]+head+rest)
			}
		}
	}
	return out[:min(len(out), 16)]
}

// values are what a variable may hold.
func (h *Hints) values(name, fallback string) (out []string) {
	if name == "PWD" || name == "WORKSPACE" {
		return []string{"."}
	}
	for _, a := range h.assigned {
		if a.name == name && !slices.Contains(out, a.value) {
			out = append(out, a.value)
		}
	}
	colours := slices.ContainsFunc(out, func(v string) bool { return v == "blue" || v == "green" || strings.HasPrefix(v, "$(") })
	if colours || hasWord(name, []string{"color", "colour", "slot"}) && !slices.ContainsFunc(out, func(v string) bool { return colourIn(v) != model.None }) ||
		len(out) == 1 && regexp.MustCompile(`^\$\{?1`).MatchString(out[0]) && hasWord(name, newWords, oldWords) {
		return []string{"{colour}"}
	}
	if fallback != "" {
		out = append(out, fallback)
	}
	return out
}

// PerColour returns the value of a variable for each colour, if the scripts tell both.
func (h *Hints) PerColour(name string, blueIs func(value string) bool) (values map[model.Colour]string, ok bool) {
	values = map[model.Colour]string{}
	note := func(colour model.Colour, value string) {
		if colour != model.None && values[colour] == "" && !strings.ContainsAny(value, "$`{") {
			values[colour] = value
		}
	}
	for _, a := range h.assigned {
		if keyFor(a.name) != keyFor(name) || hasWord(a.name, oldWords) {
			continue
		}
		if expanded := h.expand(a.value, 4); len(expanded) == 1 && expanded[0] == "{colour}" {
			return map[model.Colour]string{model.Blue: "blue", model.Green: "green"}, true
		}
		colour, value := colourIn(a.name), a.value
		if found := reference.FindStringSubmatch(value); found != nil {
			inner := strings.Join(found[1:3], "") + strings.Join(found[4:], "")
			colour = colourIn(inner)
			value = first(h.expand(value, 4))
		}
		if colour == model.None {
			colour = colourIn(value)
		}
		if colour == model.None && blueIs(value) {
			colour = model.Blue
		}
		if colour == model.None {
			colour = a.near
		}
		note(colour, value)
	}
	return values, values[model.Blue] != "" && values[model.Green] != "" && values[model.Blue] != values[model.Green]
}
