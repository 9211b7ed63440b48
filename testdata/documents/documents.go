// Package documents reads the documents of the repository, for the tests of what they say.
package documents

import (
	"os"
	"path/filepath"
	"testing"
)

// fewest is less than the repository has: a test that finds no document proves nothing.
const fewest = 10

// Read returns the documents by their path from the root of the repository, which is given by its path from here.
func Read(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = string(text)
		}
	}
	if len(out) < fewest {
		t.Fatalf("only %d documents were found", len(out))
	}
	return out
}
