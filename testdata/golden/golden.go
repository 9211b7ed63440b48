// Package golden compares what a test got with a file. With the flag -golden of go test the file is written.
package golden

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("golden", false, "write the golden files")

// Compare compares got with a file below the folder testdata of the package that is tested. Spaces in its name are dashes.
func Compare(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(file, " ", "-"))
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -golden writes it)", err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}
