package conf

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// maxIncludes bounds how many files may include each other in a row. nginx has no bound but its open files.
const maxIncludes = 64

// An Include is one include directive.
type Include struct {
	Pattern   string // as nginx understands it; relative ones are relative to the main file's directory
	Directive *Directive
}

// Includes returns the include directives of the file, in order, in whichever block they stand.
func (f *File) Includes() []Include {
	var includes []Include
	f.Walk(func(d *Directive) bool {
		if d.Name.Value == "include" && len(d.Args) == 1 && !d.HasBlock {
			includes = append(includes, Include{d.Args[0].Value, d})
		}
		return true
	})
	return includes
}

// A Source gives access to the files as nginx sees them. Paths use slashes.
type Source interface {
	// Read returns the content of a file.
	Read(path string) ([]byte, error)

	// Glob returns the paths that match a pattern of glob(3), in any order, and none without an error when there are
	// none. Unlike in path.Match, "[!a]" negates; names that begin with a dot may be left in.
	Glob(pattern string) ([]string, error)
}

// LoadTree reads the main file and all that it includes, in the order in which nginx first comes to them; each path
// once, however often it is included. As in nginx, a pattern without "*", "?" and "[" must exist and another need not
// match anything. A file that is missing or includes itself is an error which names the place of the include; a file
// that nginx would not read is a *SyntaxError.
func LoadTree(src Source, main string) ([]*File, error) {
	l := loader{src: src, dir: path.Dir(main), known: map[string]*File{}}
	if err := l.load(tidy(main), site{}); err != nil {
		return nil, err
	}
	return l.files, nil
}

type loader struct {
	src   Source
	dir   string
	files []*File
	known map[string]*File
	open  []string // the files that include each other, down to the one that is being read
}

// A site is the place of an include. The main file has none.
type site struct {
	file    *File
	include *Directive
}

func (s site) wrap(err error) error {
	if s.file == nil {
		return err
	}
	line, col := s.file.Position(s.include.Start)
	return fmt.Errorf("%s:%d:%d: include %s: %w", s.file.Path, line, col, s.include.Args[0].Value, err)
}

// load reads one file and then what it includes. Its errors carry the innermost place that they are about.
func (l *loader) load(name string, by site) error {
	if slices.Contains(l.open, name) {
		return by.wrap(fmt.Errorf("the file includes itself: %s", strings.Join(append(l.open, name), " → ")))
	}
	if l.known[name] != nil {
		return nil
	}
	if len(l.open) == maxIncludes {
		return by.wrap(fmt.Errorf("includes are nested deeper than %d", maxIncludes))
	}
	content, err := l.src.Read(name)
	if err != nil {
		return by.wrap(err)
	}
	f, err := Parse(name, content)
	if err != nil {
		return err
	}
	if by.file != nil {
		f.within = by.file.enclosing(by.include)
	}
	l.known[name] = f
	l.files = append(l.files, f)

	l.open = append(l.open, name)
	defer func() { l.open = l.open[:len(l.open)-1] }()
	for _, include := range f.Includes() {
		if err := l.follow(include.Pattern, site{f, include.Directive}); err != nil {
			return err
		}
	}
	return nil
}

// follow loads every file that an include brings.
func (l *loader) follow(pattern string, by site) error {
	if !path.IsAbs(pattern) {
		pattern = l.dir + "/" + pattern
	}
	pattern = tidy(pattern)
	names := []string{pattern}
	if strings.ContainsAny(pattern, "*?[") {
		var err error
		if names, err = l.glob(pattern); err != nil {
			return by.wrap(err)
		}
	}
	for _, name := range names {
		if err := l.load(name, by); err != nil {
			return err
		}
		by.include.brought = append(by.include.brought, l.known[name])
	}
	return nil
}

// glob expands a pattern in the order of glob(3) in nginx, which sets no locale: by bytes. As there, a name that begins
// with a dot needs a pattern that does: the backup files of editors stay out.
func (l *loader) glob(pattern string) ([]string, error) {
	found, err := l.src.Glob(pattern)
	if err != nil {
		return nil, err
	}
	hidden := strings.HasPrefix(path.Base(pattern), ".")
	var names []string
	for _, name := range found {
		if hidden || !strings.HasPrefix(path.Base(name), ".") {
			names = append(names, tidy(name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// tidy gives the different spellings of a path one form, so that no file is read twice. A path with ".." keeps its
// spelling, because where that leads is for the file system to say.
func tidy(name string) string {
	if strings.Contains(name, "..") {
		return name
	}
	return path.Clean(name)
}
