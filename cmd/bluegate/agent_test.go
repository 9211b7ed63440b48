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

// installed writes an executable, and removes it when the test ends.
func installed(t *testing.T, path string, content []byte) string {
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

// The small executable of the engine's architecture is found next to this one and in the libexec folder, and where there is
// none, one that an earlier version installed. If none would run, nothing is started.
func TestFindAgent(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	static := staticBinary(t)
	other, otherName := otherArchitecture(static)
	for _, place := range []string{filepath.Dir(self), agentFolder(self)} {
		t.Run(filepath.Base(place), func(t *testing.T) {
			own := installed(t, filepath.Join(place, probeName+"-linux-"+runtime.GOARCH), static)
			foreign := installed(t, filepath.Join(place, probeName+"-linux-"+otherName), other)
			for architecture, want := range map[string]string{runtime.GOARCH: own, otherName: foreign} {
				if path, args, err := findAgent(architecture); err != nil || path != want || !slices.Equal(args, []string{"--serve"}) {
					t.Errorf("%s: %s %v, %v", architecture, path, args, err)
				}
			}
			if content, args, err := readWaiter(runtime.GOARCH); err != nil || !bytes.Equal(content, static) || !slices.Equal(args, []string{"--wait"}) {
				t.Errorf("%d bytes, %v, %v", len(content), args, err)
			}
		})
	}
	t.Run("of an earlier version", func(t *testing.T) {
		old := installed(t, filepath.Join(filepath.Dir(self), oldAgentName), static)
		if path, _, err := findAgent(runtime.GOARCH); err != nil || path != old {
			t.Errorf("%s, %v", path, err)
		}
	})
	t.Run("bluegate itself", func(t *testing.T) { // where the test was built with CGO_ENABLED=0
		path, args, err := findAgent(runtime.GOARCH)
		if runsAnywhere(self, runtime.GOARCH) != nil {
			if err == nil || !strings.Contains(err.Error(), "is not static") {
				t.Errorf("%s %v, %v", path, args, err)
			}
		} else if err != nil || path != self || !slices.Equal(args, []string{serveMode}) {
			t.Errorf("%s %v, %v", path, args, err)
		}
	})
	t.Run("none", func(t *testing.T) {
		_, _, err := findAgent(otherName)
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "there is no "+probeName+"-linux-"+otherName+" next to") || !strings.Contains(err.Error(), "the engine's machine is "+otherName) {
			t.Errorf("got %v", err)
		}
	})
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
