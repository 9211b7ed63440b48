package ui

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What is shown can be applied with patch, and says the right lines.
func TestDiffNumbersItsLines(t *testing.T) {
	before := strings.Repeat("same\n", 3) + "a\n" + strings.Repeat("same\n", 4) + "b\n" + strings.Repeat("same\n", 20) + "c\nend\n"
	after := strings.NewReplacer("a\nsame", "a1\na2\na3\nsame", "b\n", "", "c\n", "c2\n").Replace(before)
	got := diff("file", before, after)
	if !strings.Contains(got, "@@ -27,5 +28,5 @@") {
		t.Errorf("the second hunk has wrong numbers:\n%s", got)
	}
	if _, err := exec.LookPath("patch"); err != nil {
		return
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	patch := exec.Command("patch", "-F0", path)
	patch.Stdin = strings.NewReader(got)
	if out, err := patch.CombinedOutput(); err != nil || strings.Contains(string(out), "offset") {
		t.Errorf("patch: %v\n%s\n%s", err, out, got)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != after {
		t.Errorf("%v\n%s", err, now)
	}
}
