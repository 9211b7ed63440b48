package mode

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"bluegate/nginx/conf"
)

// Replaced shows a configuration with some files changed: what nginx would read after a switch. Content nil means that
// the file is absent.
type Replaced struct {
	conf.Source
	Changed map[string][]byte // by the paths as nginx spells them
}

// Read implements conf.Source.
func (a Replaced) Read(file string) ([]byte, error) {
	content, changed := a.Changed[path.Clean(file)]
	switch {
	case !changed:
		return a.Source.Read(file)
	case content == nil:
		return nil, &fs.PathError{Op: "open", Path: file, Err: fs.ErrNotExist}
	}
	return content, nil
}

// Glob implements conf.Source.
func (a Replaced) Glob(pattern string) ([]string, error) {
	names, err := a.Source.Glob(pattern)
	if err != nil {
		return nil, err
	}
	for name, content := range a.Changed {
		names = slices.DeleteFunc(names, func(n string) bool { return path.Clean(n) == name })
		if content == nil || strings.HasPrefix(path.Base(name), ".") {
			continue
		}
		if ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name); err == nil && ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
