package adopt

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"bluegate/deploy/model"
)

// conventional returns the names that the conventions of package load find.
func conventional(dir fs.FS) []string {
	for _, pattern := range []string{"docker-compose.{colour}.yml", "docker-compose.yml"} {
		_, blue := fs.Stat(dir, expandColour(pattern, model.Blue))
		_, green := fs.Stat(dir, expandColour(pattern, model.Green))
		if blue == nil && green == nil {
			return []string{pattern}
		}
	}
	return nil
}

// Each file in testdata is a folder and the expected result: bluegate.yml, the name of nginx's container if the script
// has it, and the observations.
func TestDetect(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := folder(archive)
			if got := told(Detect(dir, dir, "shop", conventional(dir))); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// folder returns the files of an archive, and the expected result.
func folder(archive *txtar.Archive) (dir fstest.MapFS, want string) {
	dir = fstest.MapFS{}
	for _, f := range archive.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		dir[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
	}
	return dir, want
}

func told(s Setup) string {
	text := s.Proposal.YAML()
	if s.Container != "" {
		text += "container: " + s.Container + "\n"
	}
	var seen []string
	for _, x := range s.Observations {
		seen = append(seen, x.Place+": "+x.What+"\n")
	}
	slices.Sort(seen)
	return text + strings.Join(seen, "")
}
