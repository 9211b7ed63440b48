// Package executable has executables for the tests of what is copied to other machines and into containers.
package executable

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Static builds the small executable.
func Static(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bluegate-healthcheck")
	cmd := exec.Command("go", "build", "-o", path, "bluegate/cmd/healthcheck")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// OtherArchitecture is the same executable with another machine in its header.
func OtherArchitecture(binary []byte) ([]byte, string) {
	other, name := bytes.Clone(binary), "arm64"
	machine := byte(0xb7)
	if runtime.GOARCH == "arm64" {
		machine, name = 0x3e, "amd64"
	}
	other[18], other[19] = machine, 0
	return other, name
}

// Install writes an executable, and removes it when the test ends.
func Install(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(path) })
	return path
}
