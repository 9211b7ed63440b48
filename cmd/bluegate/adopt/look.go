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

// Setup is what was found in a folder, and what follows from it.
type Setup struct {
	Proposal Proposal
	Seen     []Seen
	// Container is nginx's by the script: needed only where bluegate does not find it by itself.
	Container string
}

// looking is a look under way.
type looking struct {
	dir     fs.FS
	host    fs.FS
	name    string // the folder's, by which Compose calls a project that nothing names
	files   map[string]*composeFile
	scripts []*Script
	setup   Setup
}

// Look reads a folder, and of the host those files of nginx's that a script in it edits. conventional are the Compose files
// that bluegate finds without being told, if it finds any.
func Look(dir, host fs.FS, name string, conventional []string) Setup {
	l := &looking{dir: dir, host: host, name: name, files: composeFiles(dir)}
	l.readScripts()
	files := l.composeFiles(conventional)
	l.project(files)
	l.called(files)
	l.services(files)
	l.nginx()
	l.health(files)
	l.colours(files)
	for _, s := range l.scripts {
		l.setup.Seen = append(l.setup.Seen, s.Seen...)
	}
	return l.setup
}

func (l *looking) saw(place, format string, args ...any) {
	l.setup.Seen = append(l.setup.Seen, Seen{place, fmt.Sprintf(format, args...)})
}

// readScripts keeps the scripts that start or switch something, the most telling one first. They may stand in a Makefile
// or in what a CI runner reads.
func (l *looking) readScripts() {
	look := func(name string) {
		for _, found := range scriptsIn(name, read(l.dir, name)) {
			if s, err := readScript(found.path, []byte(found.text)); err == nil && len(s.Seen) > 0 {
				l.scripts = append(l.scripts, s)
			}
		}
	}
	walk(l.dir, 2, look)
	workflows, _ := fs.Glob(l.dir, ".github/workflows/*")
	for _, name := range workflows {
		look(name)
	}
	slices.SortStableFunc(l.scripts, func(a, b *Script) int { return len(b.Seen) - len(a.Seen) })
}

func isShell(text []byte) bool {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	return bytes.HasPrefix(first, []byte("#!")) && bytes.Contains(first, []byte("sh"))
}

// script is the first of the scripts that says something.
func (l *looking) script(says func(*Script) bool) *Script {
	if i := slices.IndexFunc(l.scripts, says); i >= 0 {
		return l.scripts[i]
	}
	return nil
}

// composeFiles decides on the Compose files: what the script uses, else what bluegate finds, else a file per colour, else
// the only file.
func (l *looking) composeFiles(conventional []string) []string {
	files := conventional
	if s := l.script(func(s *Script) bool { return len(s.Files) > 0 && l.have(s.Files) }); s != nil {
		files = s.Files
	} else if len(files) == 0 {
		files = l.pair()
	}
	if !slices.Equal(files, conventional) {
		l.setup.Proposal.Files = files
	}
	for _, pattern := range files {
		both, perColour := l.files[of(pattern, model.Blue)], strings.Contains(pattern, "{colour}")
		switch {
		case both == nil:
		case perColour:
			l.saw(pattern, "a Compose file per colour: %s", names(both.Services))
		case both.carries(model.Blue) && both.carries(model.Green):
			l.saw(pattern, "one Compose file with both colours: %s", names(both.Services))
		default:
			l.saw(pattern, "a Compose file that both colours use: %s", names(both.Services))
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

// have says whether all of these files are there, for both colours.
func (l *looking) have(patterns []string) bool {
	for _, p := range patterns {
		for _, colour := range model.Colours {
			if l.files[path.Clean(of(p, colour))] == nil {
				return false
			}
		}
	}
	return true
}

// pair is a file per colour, with the common one that it is laid over where it cannot stand alone; else the only file.
func (l *looking) pair() []string {
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		pattern := painted(name)
		if colourIn(name) != model.Blue || l.files[of(pattern, model.Green)] == nil {
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

// base is the common file that says what a service is.
func (l *looking) base(service string) string {
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		for _, s := range l.files[name].Services {
			if s.Name == service && s.Own && painted(name) == name {
				return name
			}
		}
	}
	return ""
}

// project is needed where the script gives one, and where both colours would otherwise be the same services of the same
// one.
func (l *looking) project(files []string) {
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
			if c := l.files[of(pattern, colour)]; c != nil {
				if strings.Contains(painted(c.Project), "{colour}") {
					return // each file has its own
				}
				for _, s := range c.Services {
					keys[i] = append(keys[i], s.Name)
				}
			}
		}
	}
	carries := slices.ContainsFunc(keys[0], func(name string) bool { return painted(name) != name })
	if len(keys[0]) > 0 && !carries && slices.Equal(keys[0], keys[1]) {
		p.Project = l.name + "-{colour}"
		l.saw(files[len(files)-1], "both colours have the same services, so each gets a Compose project of its own")
	}
}

// called names the application where its Compose projects are called after nothing but a colour.
func (l *looking) called(files []string) {
	project := l.setup.Proposal.Project
	for _, pattern := range files {
		if c := l.files[of(pattern, model.Blue)]; c != nil && project == "" {
			project = painted(c.Project)
		}
	}
	if project == "" && len(files) > 0 {
		project = painted(path.Base(path.Dir(files[0])))
	}
	if strings.Contains(project, "{colour}") && strings.Trim(strings.ReplaceAll(project, "{colour}", ""), "-_.") == "" {
		l.setup.Proposal.Name = l.name
	}
}

// services have to be named where neither they nor their files are called after a colour and others stand beside them.
func (l *looking) services(files []string) {
	var own []string
	shared := false
	for _, pattern := range files {
		c := l.files[of(pattern, model.Blue)]
		if c == nil || c.carries(model.Blue) {
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
