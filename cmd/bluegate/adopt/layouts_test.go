package adopt

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"bluegate/compose"
)

// What init proposes for layouts of the end-to-end tests, which have no script beside them, is what these need: the
// bluegate.yml that lies there, or none.
func TestLookAtTheLayoutsOfTheEndToEndTests(t *testing.T) {
	for _, name := range []string{"one-file-prepared-files", "one-file-symlink", "one-file-with-a-profile", "two-files-shared-project"} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "..", "testdata", "layouts", name))); err != nil {
			t.Fatal(err)
		}
		if name == "one-file-symlink" {
			if err := os.Symlink("colours/blue.conf", filepath.Join(dir, "nginx", "upstream.conf")); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(filepath.Join(dir, "bluegate.yml"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if got := Look(os.DirFS(dir), "shop", found(t, dir)).Proposal.YAML(); got != string(want) {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
}

// found are the Compose files that bluegate finds in a folder by itself.
func found(t *testing.T, dir string) []string {
	t.Helper()
	files, err := compose.Options{Dir: dir}.FilesFound()
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	return files
}
