package wire

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
	"bluegate/testdata/executable"
)

func TestRunsAnywhere(t *testing.T) {
	dir := t.TempDir()
	static := executable.Static(t)
	other, otherName := executable.OtherArchitecture(static)
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
	static := executable.Static(t)
	other, otherName := executable.OtherArchitecture(static)
	for _, place := range []string{filepath.Dir(self), agentFolder(self)} {
		t.Run(filepath.Base(place), func(t *testing.T) {
			own := executable.Install(t, filepath.Join(place, ProbeName+"-linux-"+runtime.GOARCH), static)
			foreign := executable.Install(t, filepath.Join(place, ProbeName+"-linux-"+otherName), other)
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
		old := executable.Install(t, filepath.Join(filepath.Dir(self), oldAgentName), static)
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
		} else if err != nil || path != self || !slices.Equal(args, []string{ServeMode}) {
			t.Errorf("%s %v, %v", path, args, err)
		}
	})
	t.Run("none", func(t *testing.T) {
		_, _, err := findAgent(otherName)
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "there is no "+ProbeName+"-linux-"+otherName+" next to") || !strings.Contains(err.Error(), "the engine's machine is "+otherName) {
			t.Errorf("got %v", err)
		}
	})
}
