package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The place of an error stays readable, even if its path contains a secret of the environment.
func TestPlacesAreNotMasked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "c4nary-shop")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "bluegate.yml")
	if err := os.WriteFile(path, []byte("gate: {stable: c4nary-shop}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"deploy"}, {"config"}} {
		var out bytes.Buffer
		args = append(args, "--project-directory", dir)
		code := run(t.Context(), args, process{Stdout: &out, Stderr: io.Discard, Getenv: noEnvironment, Environ: []string{"DB_PASSWORD=c4nary-shop", "PWD=" + dir}})
		if text := out.String(); code != 2 || !strings.Contains(text, path+":1") || strings.Contains(strings.ReplaceAll(text, path, ""), "c4nary-shop") {
			t.Errorf("%v: exit %d: %s", args, code, text)
		}
	}
}
