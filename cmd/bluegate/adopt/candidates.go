package adopt

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// Folder is what adoption looks at: the files of the project, what runs, and what the scripts say.
type Folder struct {
	Path  string
	Files fs.FS // below Path
	// Name is Compose's default for the name of the project.
	Name string
	// Conventional are the Compose files that bluegate finds without configuration.
	Conventional []string
	Truth        Truth
	Hints        Hints
	Swarm        Swarm

	compose map[string]*composeFile
}

// Look reads the folder's files.
func (f *Folder) Look() {
	f.Hints, f.compose = ReadHints(f.Files), composeFiles(f.Files)
}

// HasColours says whether what runs, what a script calls, or a service is named after a colour, glued to its name or not.
func (f *Folder) HasColours() bool {
	if slices.ContainsFunc(f.fromTruth(), Proposal.hasColour) {
		return true
	}
	for _, call := range f.Hints.Calls {
		if len(f.Truth.Of(f.Path)) == 0 && strings.Contains(strings.Join(slices.Concat(call.Files, call.Projects), ""), "{colour}") {
			return true
		}
	}
	return slices.ContainsFunc(f.composeParts(), func(p Proposal) bool {
		return slices.ContainsFunc(p.Services, func(name string) bool { return strings.Contains(name, "{colour}") })
	})
}

// HasCompose says whether there is any Compose file.
func (f *Folder) HasCompose() bool { return len(f.compose) > 0 }

// Candidates are the proposals that could fit, the smallest first within what the setup itself does: where it has files
// that it puts in the place of nginx's, these come before an edit in place. Nothing says that one of them is right. What
// runs in a Swarm is nothing that Compose could see, so Compose's are none of them there.
func (f *Folder) Candidates() []Proposal {
	parts := f.InSwarm()
	if len(parts) == 0 {
		parts = f.composeParts()
	}
	var all []Proposal
	for _, compose := range parts {
		for _, nginx := range f.nginxParts() {
			p := compose
			p.Nginx = nginx
			all = append(all, p)
		}
	}
	return all
}

// composeParts are what bluegate.yml could say about Compose.
func (f *Folder) composeParts() (all []Proposal) {
	add := func(p Proposal) {
		f.complete(&p)
		if !slices.ContainsFunc(all, func(have Proposal) bool { return have.YAML() == p.YAML() }) {
			all = append(all, p)
		}
	}
	add(Proposal{})
	for _, p := range f.fromTruth() {
		add(p)
	}
	for _, call := range f.Hints.Calls {
		for _, files := range call.FileLists() {
			if files != nil && !f.allExist(files) {
				continue
			}
			for _, project := range append(call.Projects, "") {
				add(Proposal{Files: f.unlessConventional(files), EnvFiles: f.known(call.EnvFiles), Project: f.unlessDefault(project)})
			}
		}
	}
	if files := f.pair(); files != nil {
		add(Proposal{Files: f.unlessConventional(files)})
		add(Proposal{Files: f.unlessConventional(files), Project: f.Name + "-{colour}"})
	}
	slices.SortStableFunc(all, func(a, b Proposal) int { return cmp.Compare(a.size(), b.size()) })
	return all
}

// AsItRuns are what bluegate.yml would say so that Compose reads the files of what runs, or of the conventions.
func (f *Folder) AsItRuns() (all []Proposal) {
	for _, p := range f.fromTruth() {
		if !slices.ContainsFunc(all, func(have Proposal) bool { return have.YAML() == p.YAML() }) {
			all = append(all, p)
		}
	}
	return append(all, Proposal{})
}

// fromTruth are what the labels of the containers that run say: with which files, environment files and project they
// were started.
func (f *Folder) fromTruth() (all []Proposal) {
	for _, r := range f.Truth.Of(f.Path) {
		if r.RunsNginx() || r.Shared() {
			continue
		}
		p := Proposal{Project: f.unlessDefault(colourPattern(r.Project))}
		if files := f.relative(r.Files); files != nil {
			p.Files = f.unlessConventional(files)
		}
		for _, name := range f.relative(r.EnvFiles) {
			if name != ".env" {
				p.EnvFiles = append(p.EnvFiles, name)
			}
		}
		all = append(all, p)
	}
	return all
}

// relative returns paths below the folder as patterns; nil if one of them is elsewhere.
func (f *Folder) relative(paths []string) (out []string) {
	for _, p := range paths {
		below, err := filepath.Rel(f.Path, p)
		if err != nil || strings.HasPrefix(below, "..") {
			return nil
		}
		pattern := colourPattern(below)
		for _, colour := range model.Colours {
			if _, err := fs.Stat(f.Files, expandColour(pattern, colour)); err != nil {
				pattern = below
			}
		}
		out = append(out, pattern)
	}
	return out
}

func (f *Folder) unlessConventional(files []string) []string {
	if slices.Equal(files, f.Conventional) {
		return nil
	}
	return files
}

func (f *Folder) unlessDefault(project string) string {
	if project == f.Name {
		return ""
	}
	for _, c := range f.compose {
		if colourPattern(c.Project) == project {
			return ""
		}
	}
	return project
}

// known are those of the names that exist for both colours.
func (f *Folder) known(names []string) (out []string) {
	for _, name := range names {
		name = path.Clean(name)
		if slices.ContainsFunc(model.Colours[:], func(c model.Colour) bool {
			_, err := fs.Stat(f.Files, expandColour(name, c))
			return err != nil
		}) || name == ".env" {
			continue
		}
		out = append(out, name)
	}
	return out
}

// allExist says whether all of these Compose files exist, for both colours.
func (f *Folder) allExist(patterns []string) bool {
	return !slices.ContainsFunc(patterns, func(p string) bool {
		return slices.ContainsFunc(model.Colours[:], func(c model.Colour) bool { return f.compose[path.Clean(expandColour(p, c))] == nil })
	})
}

// pair returns one file per colour, with the common file if that is needed; otherwise the only file.
func (f *Folder) pair() []string {
	for _, name := range slices.Sorted(maps.Keys(f.compose)) {
		pattern := colourPattern(name)
		if colourIn(name) != model.Blue || f.compose[expandColour(pattern, model.Green)] == nil {
			continue
		}
		for _, s := range f.compose[name].Services {
			if base := f.base(s.Name); !s.Own && base != "" {
				return []string{base, pattern}
			}
		}
		return []string{pattern}
	}
	var single []string
	for _, name := range slices.Sorted(maps.Keys(f.compose)) {
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
func (f *Folder) base(service string) string {
	for _, name := range slices.Sorted(maps.Keys(f.compose)) {
		for _, s := range f.compose[name].Services {
			if s.Name == service && s.Own && colourPattern(name) == name {
				return name
			}
		}
	}
	return ""
}

// complete adds what follows from the files of a proposal: the services, the application's name and the variables that
// differ between the colours.
func (f *Folder) complete(p *Proposal) {
	files := p.Files
	if files == nil {
		files = f.Conventional
	}
	if p.Project == "" && strings.Contains(strings.Join(files, ""), "{colour}") && f.sameServices(files) {
		p.Project = f.Name + "-{colour}"
	}
	p.Services = f.services(files)
	if bare := strings.Trim(strings.ReplaceAll(f.projectOf(*p, files), "{colour}", ""), "-_."); bare == "" && strings.Contains(f.projectOf(*p, files), "{colour}") {
		p.Name = f.Name
	}
	p.Env = map[model.Colour]map[string]string{}
	for _, pattern := range files {
		if c := f.compose[expandColour(pattern, model.Blue)]; c != nil {
			for _, name := range c.variables() {
				f.variable(p, name)
			}
		}
	}
}

func (f *Folder) projectOf(p Proposal, files []string) string {
	if p.Project != "" || len(files) == 0 {
		return p.Project
	}
	if c := f.compose[expandColour(files[0], model.Blue)]; c != nil && c.Project != "" {
		return colourPattern(c.Project)
	}
	return colourPattern(path.Base(path.Dir(files[0])))
}

// variable sets a variable of the Compose files for each colour, if the scripts or the colours' environment files say so.
func (f *Folder) variable(p *Proposal, name string) {
	if redact.IsSecretName(name) {
		return
	}
	values, ok := f.Hints.PerColour(name, func(value string) bool {
		return slices.ContainsFunc(f.Truth.Of(f.Path), func(r Running) bool {
			return colourIn(r.Project+" "+r.Service) == model.Blue && slices.ContainsFunc(r.Ports, func(p Port) bool { return fmt.Sprint(p.Host) == value })
		})
	})
	if !ok || len(p.EnvFiles) > 0 && strings.Contains(strings.Join(p.EnvFiles, ""), "{colour}") {
		return
	}
	for colour, value := range values {
		if p.Env[colour] == nil {
			p.Env[colour] = map[string]string{}
		}
		p.Env[colour][name] = value
	}
}

// sameServices says whether both colours would be the same services of one project.
func (f *Folder) sameServices(files []string) bool {
	var keys [2][]string
	for i, colour := range model.Colours {
		for _, pattern := range files {
			if c := f.compose[expandColour(pattern, colour)]; c != nil {
				if colourPattern(c.Project) != c.Project {
					return false // each file names its own
				}
				for _, s := range c.Services {
					keys[i] = append(keys[i], s.Name)
				}
			}
		}
	}
	carries := slices.ContainsFunc(keys[0], func(name string) bool { return gluedPattern(name) != name })
	return len(keys[0]) > 0 && !carries && slices.Equal(keys[0], keys[1])
}

// services lists the services where the conventions do not find them: names in which nothing separates the colour, and
// services next to a database in files that are not named after a colour.
func (f *Folder) services(files []string) (own []string) {
	shared, carries := false, false
	for _, pattern := range files {
		c := f.compose[expandColour(pattern, model.Blue)]
		if c == nil {
			continue
		}
		for _, s := range c.Services {
			switch glued := gluedPattern(s.Name); {
			case colourPattern(s.Name) != s.Name:
				carries = true
			case glued != s.Name:
				if !slices.Contains(own, glued) {
					own = append(own, glued)
				}
			case s.shared():
				shared = true
			}
		}
	}
	if carries || len(own) > 0 || !shared {
		return own
	}
	for _, pattern := range files {
		if c := f.compose[expandColour(pattern, model.Blue)]; c != nil {
			for _, s := range c.Services {
				if !s.shared() && !slices.Contains(own, s.Name) {
					own = append(own, s.Name)
				}
			}
		}
	}
	return own
}

// nginxParts are what bluegate.yml could say about nginx. Where a file per colour is put in the place of the live one, that
// comes before an edit in place: the setup does it so today, and the files may differ in more than an address.
func (f *Folder) nginxParts() []Nginx {
	found := preparedFiles(f.Files)
	if len(found) != 1 {
		return []Nginx{{}}
	}
	mode := "copy"
	if found[0].Link {
		mode = "link"
	}
	return []Nginx{{Mode: mode, From: found[0].From, To: found[0].To}, {}}
}
