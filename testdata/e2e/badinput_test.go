package e2e

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/testdata/faults/proxy"
)

// badInput is something that a user gave and that cannot work: files by name ("-": not there), arguments, variables.
type badInput struct {
	name  string
	files map[string]string
	args  []string
	env   map[string]string
	place string // where the message has to point, relative to the folder
	says  string // what else it has to say
}

// Whatever is wrong is said with its place and ends with exit code 2, and the engine was asked nothing that changes
// anything.
func TestBadInputs(t *testing.T) {
	engine, err := proxy.Listen(filepath.Join(t.TempDir(), "docker.sock"), "/var/run/docker.sock")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	names := map[string]bool{}
	for _, in := range badInputs() {
		t.Run(in.name, func(t *testing.T) {
			names[in.name] = true
			dir := in.folder(t)
			engine.Inject(nil)
			code, out := in.deploy(t, dir, engine.Host())
			if code != 2 || !strings.HasPrefix(out, "invalid: ") {
				t.Errorf("exit code %d\n%s", code, out)
			}
			if in.place != "" && !strings.Contains(out, filepath.Join(dir, in.place)) {
				t.Errorf("it does not point to %s:\n%s", in.place, out)
			}
			if !strings.Contains(out, in.says) {
				t.Errorf("it does not say %q:\n%s", in.says, out)
			}
			if changed := engine.Calls(); len(changed) > 0 {
				t.Errorf("the engine was asked to change something: %v", changed)
			}
		})
	}
	if len(names) < 40 {
		t.Errorf("%d bad inputs", len(names))
	}
	// A proxy that saw nothing would let everything pass.
	engine.Inject(nil)
	cmd := exec.CommandContext(t.Context(), "docker", "--host", engine.Host(), "start", "bluegate-there-is-none")
	if err := cmd.Run(); err == nil || len(engine.Calls()) != 1 || engine.Calls()[0].Method != http.MethodPost {
		t.Errorf("the proxy saw %v, %v", engine.Calls(), err)
	}
}

// folder has a good pair of Compose files, except for what the input says.
func (in badInput) folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"compose.blue.yml": blueService, "compose.green.yml": greenService}
	for name, text := range in.files {
		files[name] = text
	}
	for name, text := range files {
		if text == "-" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// deploy is a real one, not a dry run.
func (in badInput) deploy(t *testing.T, dir, host string) (code int, out string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), bluegate, append([]string{"deploy", "--host", host}, in.args...)...)
	cmd.Dir = dir
	cmd.Env = os.Environ()
	for name, value := range in.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	text, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}
