package adopt

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"bluegate/compose/load"
)

// layoutsDir holds the layouts of the end-to-end tests: a folder each, with bluegate.yml as init writes it (none where
// none is needed), and about.md for the page about adopting.
var layoutsDir = filepath.Join("..", "..", "..", "testdata", "layouts")

// What is proposed for the layouts of the end-to-end tests, to the byte. That it works with the engine and nginx is for
// these tests to show.
func TestLookAtTheLayoutsOfTheEndToEndTests(t *testing.T) {
	for _, name := range layoutNames(t) {
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join(layoutsDir, name, "bluegate.yml"))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(layoutsDir, name))); err != nil {
				t.Fatal(err)
			}
			// What nginx has on the host is in no folder of the project.
			if err := os.RemoveAll(filepath.Join(dir, "etc")); err != nil {
				t.Fatal(err)
			}
			setup := Detect(os.DirFS(dir), os.DirFS(filepath.Join(layoutsDir, name)), "shop", found(t, dir))
			if got := setup.Proposal.YAML(); got != string(want) {
				t.Errorf("got\n%swant\n%s%+v", got, want, setup.Observations)
			}
		})
	}
}

func layoutNames(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(layoutsDir)
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// found are the Compose files that bluegate finds in a folder by itself.
func found(t *testing.T, dir string) []string {
	t.Helper()
	files, err := load.Options{Dir: dir}.FilesFound()
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	return files
}
