package adopt

import (
	"os"
	"path/filepath"
	"testing"
)

// layoutsDir has the layouts of the end-to-end tests: a folder each, with bluegate.yml as init writes it (none if none
// is needed), and about.md for the page about adopting.
var layoutsDir = filepath.Join("..", "..", "..", "testdata", "layouts")

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
