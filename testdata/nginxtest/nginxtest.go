package nginxtest

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
)

// Files is a container's files by their paths.
type Files map[string]string

// WrittenAt is the time of every file of a folder.
var WrittenAt = time.Date(2026, 11, 20, 11, 45, 0, 0, time.UTC)

// Source reads them.
func (f Files) Source() fsys.Source { return memory(f) }

// memory implements fsys.Source for files without links.
type memory Files

func (m memory) Read(name string) ([]byte, error) {
	e, _, err := m.Entry(name)
	return e.Content, err
}

func (m memory) Glob(pattern string) (names []string, err error) {
	for name := range m {
		if ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name); err != nil {
			return nil, err
		} else if ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (m memory) Entry(name string) (fsys.Entry, string, error) {
	name = path.Clean(name)
	content, ok := m[name]
	if !ok {
		return fsys.Entry{}, name, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return fsys.Entry{Content: []byte(content), Mode: 0o644, ModTime: WrittenAt}, name, nil
}

func (m memory) RealDir(dir string) (string, error) { return path.Clean(dir), nil }

func (m memory) LinkTarget(string) (string, error) { return "", nil }

func (m memory) ContentChangedAt(name string) (time.Time, error) {
	e, _, err := m.Entry(name)
	return e.ModTime, err
}

func (m memory) Tree(dir string) (fsys.Tree, string, error) {
	tree := fsys.Tree{}
	for name := range m {
		if e, _, err := m.Entry(name); err == nil && strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/") {
			tree[name] = e
		}
	}
	return tree, dir, nil
}

// Addresses reads lines of "SERVICE BLUE-PORTS GREEN-PORTS [ALIAS...]", all with {colour}; no ports are "-".
func Addresses(t rapid.TB, text string) *model.Addresses {
	t.Helper()
	return model.NewAddresses(Application(t, text))
}

func Application(t rapid.TB, text string, networks ...string) model.Application {
	t.Helper()
	app := model.Application{Project: "shop", Models: map[model.Colour]model.Model{}}
	for i, colour := range model.Colours {
		m := model.Model{Colour: colour, ComposeProject: "shop"}
		for line := range strings.Lines(text) {
			words := strings.Fields(strings.ReplaceAll(line, "{colour}", string(colour)))
			if len(words) < 3 {
				t.Fatalf("%q is no service", line)
			}
			s := model.Service{Name: words[0], Key: model.ServiceKey(words[0], colour), Hosts: append([]string{words[0]}, words[3:]...), Networks: networks}
			for text := range strings.SplitSeq(words[1+i], ",") {
				if port, err := strconv.Atoi(text); err == nil {
					s.Ports = append(s.Ports, port)
				}
			}
			m.Services = append(m.Services, s)
		}
		app.Models[colour] = m
	}
	return app
}
