package adopt

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"bluegate/deploy/model"
)

// Setup is what was found in a folder, and the proposal that follows from it.
type Setup struct {
	Proposal     Proposal
	Observations []Observation
	// Container is nginx's container according to the script. It is needed only if bluegate does not find nginx.
	Container string
}

// detector is one detection.
type detector struct {
	dir     fs.FS
	host    fs.FS
	name    string // of the folder: Compose's default for the name of the project
	files   map[string]*composeFile
	scripts []*Script
	setup   Setup
}

// Detect reads a folder, and those nginx files of the host that a script in it edits. conventional are the Compose
// files that bluegate finds without configuration.
func Detect(dir, host fs.FS, name string, conventional []string) Setup {
	l := &detector{dir: dir, host: host, name: name, files: composeFiles(dir)}
	l.readScripts()
	files := l.composeFiles(conventional)
	l.project(files)
	l.applicationName(files)
	l.services(files)
	l.nginx()
	l.health(files)
	l.colours(files)
	for _, s := range l.scripts {
		l.setup.Observations = append(l.setup.Observations, s.Observations...)
	}
	return l.setup
}

func (l *detector) found(place, format string, args ...any) {
	l.setup.Observations = append(l.setup.Observations, Observation{place, fmt.Sprintf(format, args...)})
}

// readScripts keeps the scripts that start or switch something, the one with most observations first. A script may be
// in a Makefile or in the configuration of a CI runner.
func (l *detector) readScripts() {
	look := func(name string) {
		for _, found := range scriptsIn(name, read(l.dir, name)) {
			if s, err := readScript(found.path, []byte(found.text)); err == nil && len(s.Observations) > 0 {
				l.scripts = append(l.scripts, s)
			}
		}
	}
	walk(l.dir, 2, look)
	workflows, _ := fs.Glob(l.dir, ".github/workflows/*")
	for _, name := range workflows {
		look(name)
	}
	slices.SortStableFunc(l.scripts, func(a, b *Script) int { return len(b.Observations) - len(a.Observations) })
}

func isShell(text []byte) bool {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	return bytes.HasPrefix(first, []byte("#!")) && bytes.Contains(first, []byte("sh"))
}

// script returns the first script that satisfies says.
func (l *detector) script(says func(*Script) bool) *Script {
	if i := slices.IndexFunc(l.scripts, says); i >= 0 {
		return l.scripts[i]
	}
	return nil
}

// composeFiles chooses the Compose files: those of the script, otherwise those of the conventions, otherwise one file
// per colour, otherwise the only file.
func (l *detector) composeFiles(conventional []string) []string {
	files := conventional
	if s := l.script(func(s *Script) bool { return len(s.Files) > 0 && l.allExist(s.Files) }); s != nil {
		files = s.Files
	} else if len(files) == 0 {
		files = l.pair()
	}
	if !slices.Equal(files, conventional) {
		l.setup.Proposal.Files = files
	}
	for _, pattern := range files {
		both, perColour := l.files[expandColour(pattern, model.Blue)], strings.Contains(pattern, "{colour}")
		switch {
		case both == nil:
		case perColour:
			l.found(pattern, "a Compose file per colour: %s", names(both.Services))
		case both.namesColour(model.Blue) && both.namesColour(model.Green):
			l.found(pattern, "one Compose file with both colours: %s", names(both.Services))
		default:
			l.found(pattern, "a Compose file that both colours use: %s", names(both.Services))
		}
	}
	return files
}

func names(services []service) string {
	out := make([]string, len(services))
	for i, s := range services {
		out[i] = s.Name
	}
	return strings.Join(out, ", ")
}

// allExist says whether all of these files exist, for both colours.
func (l *detector) allExist(patterns []string) bool {
	for _, p := range patterns {
		for _, colour := range model.Colours {
			if l.files[path.Clean(expandColour(p, colour))] == nil {
				return false
			}
		}
	}
	return true
}

// pair returns one file per colour, with the common file if that is needed; otherwise the only file.
func (l *detector) pair() []string {
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		pattern := colourPattern(name)
		if colourIn(name) != model.Blue || l.files[expandColour(pattern, model.Green)] == nil {
			continue
		}
		for _, s := range l.files[name].Services {
			if base := l.base(s.Name); !s.Own && base != "" {
				return []string{base, pattern}
			}
		}
		return []string{pattern}
	}
	var single []string
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		if !strings.Contains(name, "/") && !strings.Contains(name, "override") {
			single = append(single, name)
		}
	}
	if len(single) == 1 {
		return single
	}
	return nil
}

// base returns the common file that defines a service.
func (l *detector) base(service string) string {
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		for _, s := range l.files[name].Services {
			if s.Name == service && s.Own && colourPattern(name) == name {
				return name
			}
		}
	}
	return ""
}

// project sets the Compose project if the script names one, or if both colours would otherwise be the same services of
// the same project.
func (l *detector) project(files []string) {
	p := &l.setup.Proposal
	if s := l.script(func(s *Script) bool { return s.Project != "" }); s != nil {
		if s.Project != l.name {
			p.Project = s.Project
		}
		return
	}
	var keys [2][]string
	for i, colour := range model.Colours {
		for _, pattern := range files {
			if c := l.files[expandColour(pattern, colour)]; c != nil {
				if strings.Contains(colourPattern(c.Project), "{colour}") {
					return // each file names its own
				}
				for _, s := range c.Services {
					keys[i] = append(keys[i], s.Name)
				}
			}
		}
	}
	carries := slices.ContainsFunc(keys[0], func(name string) bool { return colourPattern(name) != name })
	if len(keys[0]) > 0 && !carries && slices.Equal(keys[0], keys[1]) {
		p.Project = l.name + "-{colour}"
		l.found(files[len(files)-1], "both colours have the same services, so each gets a Compose project of its own")
	}
}

// applicationName names the application if its Compose projects are named only after a colour.
func (l *detector) applicationName(files []string) {
	project := l.setup.Proposal.Project
	for _, pattern := range files {
		if c := l.files[expandColour(pattern, model.Blue)]; c != nil && project == "" {
			project = colourPattern(c.Project)
		}
	}
	if project == "" && len(files) > 0 {
		project = colourPattern(path.Base(path.Dir(files[0])))
	}
	if strings.Contains(project, "{colour}") && strings.Trim(strings.ReplaceAll(project, "{colour}", ""), "-_.") == "" {
		l.setup.Proposal.Name = l.name
	}
}

// services lists the services if neither they nor their files are named after a colour and there are others.
func (l *detector) services(files []string) {
	var own []string
	shared := false
	for _, pattern := range files {
		c := l.files[expandColour(pattern, model.Blue)]
		if c == nil || c.namesColour(model.Blue) {
			return
		}
		for _, s := range c.Services {
			if s.shared() {
				shared = true
			} else if !slices.Contains(own, s.Name) {
				own = append(own, s.Name)
			}
		}
	}
	if shared && len(own) > 0 {
		l.setup.Proposal.Services = own
	}
}
