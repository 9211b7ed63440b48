package main

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"bluegate/cmd/bluegate/wire"
	"bluegate/testdata/executable"
)

// callProbe runs `bluegate healthcheck` and returns its exit code and both streams.
func callProbe(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	code = run(t.Context(), append([]string{"healthcheck"}, args...), process{Stdout: &out, Stderr: &out, Getenv: noEnvironment})
	return code, out.String()
}

func TestProbeIsCopied(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	install := func(name string, content []byte) {
		executable.Install(t, filepath.Join(filepath.Dir(self), name), content)
	}
	static := executable.Static(t)
	other, otherName := executable.OtherArchitecture(static)
	install(wire.ProbeName+"-linux-"+runtime.GOARCH, static)
	install(wire.ProbeName+"-linux-"+otherName, other)
	dir := t.TempDir()

	code, said := callProbe(t, "--copy-to", dir)
	if path := filepath.Join(dir, wire.ProbeName); code != 0 || !strings.Contains(said, "copied: "+path) || !strings.Contains(said, "\nCOPY "+wire.ProbeName+" /healthcheck\n") {
		t.Errorf("exit code %d: %s", code, said)
	}
	machineOf(t, filepath.Join(dir, wire.ProbeName), runtime.GOARCH)

	// What is there is replaced as a whole, and runs whatever its mode was.
	if err := os.WriteFile(filepath.Join(dir, wire.ProbeName+"-linux-"+otherName), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, said = callProbe(t, "--copy-to", dir, "--arch", runtime.GOARCH+","+otherName)
	if code != 0 || !strings.Contains(said, "COPY "+wire.ProbeName+"-linux-${TARGETARCH} /healthcheck\n") {
		t.Errorf("exit code %d: %s", code, said)
	}
	machineOf(t, filepath.Join(dir, wire.ProbeName+"-linux-"+runtime.GOARCH), runtime.GOARCH)
	machineOf(t, filepath.Join(dir, wire.ProbeName+"-linux-"+otherName), otherName)
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

// machineOf checks that a file is an executable for an architecture, and may be executed by everyone.
func machineOf(t *testing.T, path, architecture string) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	info, err := os.Stat(path)
	if err != nil || f.Machine != wire.ELFMachines[architecture] || info.Mode().Perm() != 0o755 {
		t.Errorf("%s is for %s with mode %v, want %s and 0755 (%v)", path, f.Machine, info.Mode(), architecture, err)
	}
}

func TestProbeIsNotCopied(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "needs --copy-to DIR"},
		{[]string{"--copy-to", filepath.Join(dir, "none")}, "it is not a folder"},
		{[]string{"--copy-to", dir, "--arch", "pdp11"}, `unknown --arch "pdp11"`},
		{[]string{"--copy-to", dir, "--arch", ","}, `unknown --arch ""`},
		{[]string{"--copy-to", dir, "--arch", "riscv64"}, "there is no bluegate-healthcheck-linux-riscv64 next to"},
		{[]string{"--copy-to", dir, "again"}, "unexpected argument"},
	} {
		if code, said := callProbe(t, test.args...); code != 2 || !strings.Contains(said, test.want) {
			t.Errorf("%q: exit code %d, want 2 and %q: %s", test.args, code, test.want, said)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("something was written: %v, %v", left, err)
	}
}
