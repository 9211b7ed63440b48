package adopt

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"bluegate/compose/load"
)

// layoutsDir has the layouts of the end-to-end tests: a folder each, with bluegate.yml as init writes it (none if none
// is needed), and about.md for the page about adopting.
var layoutsDir = filepath.Join("..", "..", "..", "testdata", "layouts")

// The proposals for the layouts of the end-to-end tests, byte for byte. Those tests show that the proposals work.
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
			// nginx's files on the host are not in a folder of the project.
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

// found returns the Compose files that the conventions find in a folder.
func found(t *testing.T, dir string) []string {
	t.Helper()
	files, err := load.Options{Dir: dir}.FilesFound()
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	return files
}
