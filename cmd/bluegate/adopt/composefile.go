package adopt

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"bluegate/compose/load"
)

// composeFile is the layout of a Compose file, as far as detection needs it. Its meaning is up to Compose.
type composeFile struct {
	Name     string
	Project  string // its name: key
	Services []service
	Deploys  bool // a service has a deploy section
	text     string
}

type service struct {
	Name, Image string
	Own         bool // it has an image or build section, so it is complete without another file
	Healthcheck bool
}

func readCompose(name string, text []byte) (*composeFile, bool) {
	var doc struct {
		Name     string        `yaml:"name"`
		Services yaml.MapSlice `yaml:"services"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Services) == 0 {
		return nil, false
	}
	c := &composeFile{Name: name, Project: doc.Name, text: string(text)}
	for _, item := range doc.Services {
		key, ok := item.Key.(string)
		if !ok {
			return nil, false
		}
		s := service{Name: key}
		body, _ := item.Value.(map[string]any)
		s.Image, _ = body["image"].(string)
		s.Own = s.Image != "" || body["build"] != nil || body["extends"] != nil
		check, _ := body["healthcheck"].(map[string]any)
		s.Healthcheck = check != nil && check["disable"] != true
		c.Services = append(c.Services, s)
		c.Deploys = c.Deploys || body["deploy"] != nil
	}
	return c, true
}

// variable matches a variable in a Compose file: ${PORT}, ${PORT:-80}, $PORT.
var variable = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)

// variables are the names of the variables in the file.
func (c *composeFile) variables() (names []string) {
	for _, found := range variable.FindAllStringSubmatch(c.text, -1) {
		if !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	return names
}

// shared says whether both colours use the service, so that it belongs to neither.
func (s service) shared() bool {
	return load.IsSharedImage(s.Image) || load.SharedKind(s.Image, s.Name) != ""
}

// composeFiles returns the Compose files of a folder and of the folders in it, by name. It ignores broken files.
func composeFiles(dir fs.FS) map[string]*composeFile {
	found := map[string]*composeFile{}
	walk(dir, 2, func(name string) {
		if ext := path.Ext(name); ext != ".yml" && ext != ".yaml" {
			return
		}
		if text := read(dir, name); text != nil {
			if c, ok := readCompose(name, text); ok {
				found[name] = c
			}
		}
	})
	return found
}

// walk visits the regular files of a folder, and of the folders in it down to a depth.
func walk(dir fs.FS, depth int, visit func(name string)) {
	_ = fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules" || strings.Count(name, "/") >= depth-1):
			return fs.SkipDir
		case !entry.IsDir():
			visit(name)
		}
		return nil
	})
}

// read returns nil if name is not a regular file, cannot be read, or is too long to be written by hand.
func read(dir fs.FS, name string) []byte {
	info, err := fs.Stat(dir, name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return nil
	}
	text, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil
	}
	return text
}
