package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// The action for GitHub and the component for GitLab are tested by what their steps do: the scripts run with bluegate
// itself, as the runners of the two run them.

// action is the part of action.yml that a runner acts by.
type action struct {
	Inputs  map[string]struct{ Default string }
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Steps []actionStep
	}
}

type actionStep struct {
	ID, If, Shell, Run string
	WorkingDirectory   string `yaml:"working-directory"`
	Env                map[string]string
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func readAction(t *testing.T) (a action) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "action.yml"))
	if err == nil {
		err = yaml.Unmarshal(text, &a)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// itself is this test's executable under the name bluegate: TestMain makes it the program.
func itself(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	path := filepath.Join(t.TempDir(), "bluegate")
	if err = errors.Join(err, os.Symlink(self, path)); err != nil {
		t.Fatal(err)
	}
	return path
}

var expression = regexp.MustCompile(`\$\{\{ inputs\.([a-z0-9-]+) \}\}`)

// command is a step as the runner starts it, with inputs in place of the defaults.
func (a action) command(t *testing.T, id string, inputs map[string]string) *exec.Cmd {
	t.Helper()
	i := slices.IndexFunc(a.Runs.Steps, func(s actionStep) bool { return s.ID == id })
	if i < 0 {
		t.Fatalf("the action has no step %q", id)
	}
	step, fill := a.Runs.Steps[i], func(text string) string {
		return expression.ReplaceAllStringFunc(text, func(found string) string {
			name := expression.FindStringSubmatch(found)[1]
			in, known := a.Inputs[name]
			if !known {
				t.Errorf("step %s uses an input %q that the action does not have", id, name)
			}
			if given, ok := inputs[name]; ok {
				return given
			}
			return in.Default
		})
	}
	if strings.Contains(step.Run, "${{") {
		t.Errorf("step %s puts an expression into its script, which would be read as code", id)
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "step.sh")
	if err := os.WriteFile(script, []byte(step.Run), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", script) // as the runner's shell: bash
	cmd.Dir = filepath.Join(dir, fill(step.WorkingDirectory))
	cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=true", "GITHUB_ACTION_PATH="+root(t), "RUNNER_TEMP="+dir, "GITHUB_OUTPUT="+filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary"), "GITHUB_PATH="+filepath.Join(dir, "path"))
	for name, value := range step.Env {
		cmd.Env = append(cmd.Env, name+"="+fill(value))
	}
	return cmd
}

// The outputs that the action promises are those that bluegate writes, on a failure too.
func TestActionOutputs(t *testing.T) {
	a := readAction(t)
	cmd := a.command(t, "run", map[string]string{"command": "status", "executable": itself(t)})
	cmd.Env = append(cmd.Env, "DOCKER_HOST=unix:///nowhere.sock")
	out, err := cmd.CombinedOutput()
	if code := exitCode(err); code != "7" || !strings.Contains(string(out), "::error title=") {
		t.Errorf("exit code %s\n%s", code, out)
	}
	text, err := os.ReadFile(filepath.Join(cmd.Dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		written = append(written, name)
		if _, err := os.Stat(value); name == "report" && err != nil {
			t.Errorf("the report is not there: %v", err)
		}
	}
	slices.Sort(written)
	if promised := slices.Sorted(maps.Keys(a.Outputs)); !slices.Equal(promised, written) {
		t.Errorf("the action promises %v, bluegate writes %v", promised, written)
	}
	for name, output := range a.Outputs {
		if output.Value != "${{ steps.run.outputs."+name+" }}" {
			t.Errorf("%s is %s", name, output.Value)
		}
	}
}

// Inputs become arguments as they are: nothing of them is code.
func TestActionArguments(t *testing.T) {
	stub := filepath.Join(t.TempDir(), "stub")
	if err := os.WriteFile(stub, []byte("#!/bin/sh\nprintf '[%s]' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		step   string
		inputs map[string]string
		want   string
	}{
		{"run", nil, "[deploy]"},
		{"run", map[string]string{"colour": "green", "set": "VERSION=v5\nLIST=a b;$(id)\n", "arguments": "--wait-lock\n5m\n"}, "[deploy][green][--set][VERSION=v5][--set][LIST=a b;$(id)][--wait-lock][5m]"},
		{"run", map[string]string{"command": "rollback"}, "[rollback]"},
		{"settle", nil, "[settle][--wait-lock][2m]"},
	} {
		inputs := map[string]string{"executable": stub}
		maps.Copy(inputs, c.inputs)
		if out, err := readAction(t).command(t, c.step, inputs).CombinedOutput(); err != nil || string(out) != c.want {
			t.Errorf("%s with %v: %s, %v; want %s", c.step, c.inputs, out, err, c.want)
		}
	}
}

// A job that is cancelled signals the process of its step alone, and that is bluegate by then.
func TestActionIsCancelled(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "silent.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := make(chan net.Conn, 16)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			asked <- conn
		}
	}()
	cmd := readAction(t).command(t, "run", map[string]string{"executable": itself(t), "arguments": "--project-directory\n" + root(t)})
	cmd.Env = append(cmd.Env, "DOCKER_HOST=unix://"+socket)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-asked:
	case <-time.After(time.Minute):
		t.Fatal("the engine was not asked")
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	if code := exitCode(err); code != "130" {
		t.Errorf("exit code %s\n%s", code, out.String())
	}
}

// archive writes a tar.gz with an executable, and returns its SHA-256.
func archive(t *testing.T, path, name string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	text := "#!/bin/sh\necho installed\n"
	err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg})
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err = errors.Join(err, w.Close(), z.Close(), os.WriteFile(path, b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

// A download is unpacked only if it is what it was promised to be.
func TestActionInstalls(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bluegate.tar.gz")
	sum := archive(t, path, "bluegate_1.0/bluegate")
	other := filepath.Join(t.TempDir(), "other.tar.gz")
	otherSum := archive(t, other, "something")
	for _, c := range []struct{ url, sha256, says string }{
		{"file://" + path, sum, ""},
		{"file://" + path, "", "must be the SHA-256"},
		{"file://" + path, strings.Repeat("0", 64), "was not unpacked"},
		{"file://" + other, otherSum, "has no executable file bluegate"},
		{"file:///no/such/file", sum, ""},
	} {
		cmd := readAction(t).command(t, "install", map[string]string{"url": c.url, "sha256": c.sha256})
		out, err := cmd.CombinedOutput()
		found, _ := os.ReadFile(filepath.Join(cmd.Dir, "path"))
		installed := c.url == "file://"+path && c.sha256 == sum
		if (err == nil) != installed || (len(found) > 0) != installed || !strings.Contains(string(out), c.says) {
			t.Errorf("%s %s: %v, path %q\n%s", c.url, c.sha256, err, found, out)
			continue
		}
		if text, err := exec.Command(filepath.Join(strings.TrimSpace(string(found)), "bluegate")).Output(); installed && (err != nil || string(text) != "installed\n") {
			t.Errorf("what was installed: %s, %v", text, err)
		}
	}
}

// component is the part of templates/deploy.yml that a runner acts by.
type component struct {
	Script      []string
	AfterScript []string `yaml:"after_script"`
	Artifacts   struct {
		When    string
		Paths   []string
		Reports map[string]string
	}
}

// readComponent returns the job of the component with its inputs' defaults, or with what is given for them.
func readComponent(t *testing.T, given map[string]string) component {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "templates", "deploy.yml"))
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(text), "\n---\n")
	var spec struct {
		Spec struct {
			Inputs map[string]struct{ Default any }
		}
	}
	if err := yaml.Unmarshal([]byte(head), &spec); err != nil {
		t.Fatal(err)
	}
	body = regexp.MustCompile(`\$\[\[ inputs\.([a-z]+) \]\]`).ReplaceAllStringFunc(body, func(found string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(found, "$[[ inputs."), " ]]")
		in, known := spec.Spec.Inputs[name]
		if !known {
			t.Errorf("the job uses an input %q that the component does not have", name)
		}
		if value, ok := given[name]; ok {
			return value
		}
		if value, ok := in.Default.(string); ok {
			return value
		}
		return "[]"
	})
	var jobs map[string]component
	if err := yaml.Unmarshal([]byte(body), &jobs); err != nil {
		t.Fatal(err)
	}
	job, ok := jobs["bluegate"]
	if !ok || len(jobs) != 1 {
		t.Fatalf("the component has the jobs %v", slices.Collect(maps.Keys(jobs)))
	}
	return job
}

// shell runs lines as GitLab's runner does, in a project's directory.
func shell(t *testing.T, lines []string, dir, bin string, env ...string) (code, out string) {
	t.Helper()
	cmd := exec.Command("bash", "-eo", "pipefail", "-c", strings.Join(lines, "\n"))
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GITLAB_CI=true", "CI_PROJECT_DIR="+dir, "DOCKER_HOST=unix:///nowhere.sock", "PATH="+bin+":"+os.Getenv("PATH")), env...)
	text, err := cmd.CombinedOutput()
	if err == nil {
		return "0", string(text)
	}
	return exitCode(err), string(text)
}

// The job's exit code is bluegate's, and its artifacts are there also when it fails.
func TestComponent(t *testing.T) {
	job, dir, bin := readComponent(t, map[string]string{"directory": "shop"}), t.TempDir(), filepath.Dir(itself(t))
	if err := os.Mkdir(filepath.Join(dir, "shop"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, colour := range []string{"blue", "green"} {
		writeFile(t, filepath.Join(dir, "shop", "compose."+colour+".yml"), "services: {app-"+colour+": {image: x}}\n")
	}
	if code, out := shell(t, job.Script, dir, bin); code != "7" || !strings.Contains(out, "\x1b[0Ksection_start:") || !strings.Contains(out, "nowhere.sock") {
		t.Errorf("exit code %s\n%s", code, out)
	}
	if job.Artifacts.When != "always" {
		t.Error("the artifacts of a job that fails are not kept")
	}
	for _, name := range append([]string{job.Artifacts.Reports["junit"]}, job.Artifacts.Paths...) {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if code, out := shell(t, job.AfterScript, dir, bin, "CI_JOB_STATUS=success"); code != "0" || out != "" {
		t.Errorf("after a success: exit code %s\n%s", code, out)
	}
	if code, out := shell(t, job.AfterScript, dir, bin, "CI_JOB_STATUS=canceled"); code != "7" || !strings.Contains(out, "bluegate settle") {
		t.Errorf("after a cancellation: exit code %s\n%s", code, out)
	}
}
