package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
)

// staticBinary builds the small executable.
func staticBinary(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "healthcheck")
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

// otherArchitecture is the same executable with another machine in its header.
func otherArchitecture(binary []byte) ([]byte, string) {
	other, name := bytes.Clone(binary), "arm64"
	machine := byte(0xb7)
	if runtime.GOARCH == "arm64" {
		machine, name = 0x3e, "amd64"
	}
	other[18], other[19] = machine, 0
	return other, name
}

func TestRunsAnywhere(t *testing.T) {
	dir := t.TempDir()
	static := staticBinary(t)
	other, otherName := otherArchitecture(static)
	dynamic, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"static": "", "other": "", "script": "", "dynamic": dynamic}
	for name, content := range map[string][]byte{"static": static, "other": other, "script": []byte("#!/bin/sh\n")} {
		files[name] = filepath.Join(dir, name)
		if err := os.WriteFile(files[name], content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ file, architecture, want string }{
		{files["static"], runtime.GOARCH, ""},
		{files["static"], "", ""},
		{files["static"], "a new one", ""}, // an unknown architecture is left to the engine
		{files["static"], otherName, "is built for"},
		{files["other"], otherName, ""},
		{files["other"], runtime.GOARCH, "the engine's machine is " + runtime.GOARCH},
		{files["dynamic"], runtime.GOARCH, "is not static"},
		{files["script"], runtime.GOARCH, "is not an executable"},
		{filepath.Join(dir, "missing"), runtime.GOARCH, "no such file"},
	} {
		err := runsAnywhere(test.file, test.architecture)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s on %q: %v, want %q", filepath.Base(test.file), test.architecture, err, test.want)
		}
	}
}

// The small executable next to this one is preferred. If neither would run, nothing is started.
func TestFindHelper(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	beside := filepath.Join(filepath.Dir(self), agentName)
	t.Cleanup(func() { os.Remove(beside) })
	static := staticBinary(t)
	if err := os.WriteFile(beside, static, 0o755); err != nil {
		t.Fatal(err)
	}
	path, args, err := findAgent(runtime.GOARCH)
	if err != nil || path != beside || len(args) != 1 || args[0] != "--serve" {
		t.Errorf("%s %v, %v", path, args, err)
	}
	if content, args, err := readAgent(runtime.GOARCH); err != nil || !bytes.Equal(content, static) || len(args) != 1 {
		t.Errorf("%d bytes, %v, %v", len(content), args, err)
	}
	if content, args, err := readWaiter(runtime.GOARCH); err != nil || !bytes.Equal(content, static) || !slices.Equal(args, []string{"--wait"}) {
		t.Errorf("%d bytes, %v, %v", len(content), args, err)
	}
	other, name := otherArchitecture(static)
	if err := os.WriteFile(beside, other, 0o755); err != nil {
		t.Fatal(err)
	}
	if path, _, err := findAgent(name); err != nil || path != beside {
		t.Errorf("%s, %v", path, err)
	}
	path, args, err = findAgent(runtime.GOARCH)
	if selfErr := runsAnywhere(self, runtime.GOARCH); selfErr == nil {
		if err != nil || path != self || args[0] != serveMode {
			t.Errorf("a static bluegate is its own helper: %s %v, %v", path, args, err)
		}
		return
	}
	var invalid *model.InvalidError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "make build") || !strings.Contains(err.Error(), agentName) {
		t.Errorf("got %v", err)
	}
}

// Without the small executable, bluegate itself is the agent.
func TestServeMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "default.conf")
	writeFile(t, path, "old")
	var out, errs bytes.Buffer
	in := `{"id":1,"replace":{"path":"` + path + `","old":"b2xk","new":"bmV3"}}`
	code := run(t.Context(), []string{serveMode}, process{Stdin: strings.NewReader(in), Stdout: &out, Stderr: &errs, Getenv: noEnvironment})
	if content, err := os.ReadFile(path); code != 0 || err != nil || string(content) != "new" || out.String() != `{"id":1,"atomic":true}`+"\n" {
		t.Errorf("exit code %d, %q, %q: %s", code, content, &out, &errs)
	}
	if code := run(t.Context(), []string{serveMode}, process{Stdin: strings.NewReader("{"), Stdout: &out, Stderr: &errs, Getenv: noEnvironment}); code != 1 || errs.Len() == 0 {
		t.Errorf("exit code %d: %s", code, &errs)
	}
}
