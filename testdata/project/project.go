// Package project has a folder with the files of a Compose project, for a test.
package project

import (
	"os"
	"path/filepath"
	"testing"
)

// Folder writes files and returns their folder. It is named shop, which is the default for the Compose project.
func Folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
