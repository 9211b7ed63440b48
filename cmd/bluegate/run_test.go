package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"bluegate/cmd/bluegate/ui"
	"bluegate/cmd/bluegate/wire"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/executable"
	"bluegate/testdata/pace"
)

// called is one call of the program.
type called struct {
	code           int
	stdout, stderr string
}

func call(ctx context.Context, args ...string) called {
	var out, errs bytes.Buffer
	code := run(ctx, args, process{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: noEnvironment})
	return called{code, out.String(), errs.String()}
}

// reported returns the JSON that a call prints, which must be one object that matches the schema.
func (c called) reported(t *testing.T) (r report.Report) {
	t.Helper()
	valid(t, c.stdout)
	if err := json.Unmarshal([]byte(c.stdout), &r); err != nil {
		t.Fatal(err)
	}
	if r.ExitCode != c.code {
		t.Errorf("exit code %d, and the report says %d", c.code, r.ExitCode)
	}
	return r
}

// silentEngine accepts connections and never answers, like a stopped daemon.
func silentEngine(t *testing.T) (host string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return "unix://" + path
}

func shopFolder(t *testing.T, project string) string {
	t.Helper()
	dir := t.TempDir()
	for _, colour := range model.Colours {
		writeFile(t, filepath.Join(dir, "compose."+string(colour)+"-deploy.yml"), "name: "+project+"\nservices:\n  was-"+string(colour)+":\n    image: bluegate-shop:v1\n    expose: [3000]\n")
	}
	return dir
}

func TestSilentEngine(t *testing.T) {
	began := time.Now()
	c := call(t.Context(), "deploy", "--host", silentEngine(t), "--format", "json", "--project-directory", shopFolder(t, "shop"))
	r := c.reported(t)
	if took := time.Since(began); c.code != 7 || r.Outcome != model.Unreachable || took > pace.Limit(30*time.Second) || !strings.Contains(r.Message, "does not answer") {
		t.Errorf("after %s: %+v", took, r)
	}
}

// A signal during the first request to the engine ends the call at once, with the exit code of the signal.
func TestInterruptedBeforeAnything(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(200*time.Millisecond, func() { cancel(&deploy.InterruptedError{Signal: 2, Name: "SIGINT"}) })
	began := time.Now()
	c := call(ctx, "deploy", "--host", silentEngine(t), "--format", "json", "--project-directory", shopFolder(t, "shop"))
	r := c.reported(t)
	if took := time.Since(began); c.code != 130 || r.Outcome != model.Interrupted || took > pace.Limit(5*time.Second) || !strings.Contains(r.Message, "SIGINT") {
		t.Errorf("after %s: exit code %d, %+v", took, c.code, r)
	}
}

// The commands that change nothing, on a real engine without anything of the project.
func TestLooksAtNothing(t *testing.T) {
	project := "bgtest" + strings.ToLower(strings.ReplaceAll(filepath.Base(filepath.Dir(t.TempDir())), "_", ""))
	dir := shopFolder(t, project)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	executable.Install(t, filepath.Join(filepath.Dir(self), wire.ProbeName+"-linux-"+runtime.GOARCH), executable.Static(t))
	for _, test := range []struct {
		args    []string
		code    int
		outcome model.Outcome
	}{
		{[]string{"status"}, 0, model.OK},
		{[]string{"health"}, 3, model.NotHealthy},
		{[]string{"health", "blue"}, 3, model.NotHealthy},
		{[]string{"deploy", "--dry-run"}, 0, model.Planned},
		{[]string{"deploy", "green", "--dry-run"}, 0, model.Planned},
	} {
		line := strings.Join(test.args, " ")
		c := call(t.Context(), append(test.args, "--format", "json", "--quiet", "--project-directory", dir)...)
		if c.code == 7 && strings.Contains(c.stdout, "the engine at") {
			t.Fatalf("this test needs a Docker engine (testdata/engine/ensure.sh): %s", c.stdout)
		}
		r := c.reported(t)
		if c.code != test.code || r.Outcome != test.outcome || r.Project != project || c.stderr != "" {
			t.Errorf("%s: exit code %d, %s\n%s%s", line, c.code, r.Outcome, c.stdout, c.stderr)
		}
		if text := call(t.Context(), append(test.args, "--project-directory", dir)...); text.code != test.code || !strings.HasPrefix(text.stdout, string(test.outcome)+": ") {
			t.Errorf("%s, as text: exit code %d\n%s", line, text.code, text.stdout)
		}
	}
	// These commands leave nothing: no lock and no journal.
	c := call(t.Context(), "status", "--format", "json", "--project-directory", dir)
	found := slices.DeleteFunc(c.reported(t).Findings, func(f model.Finding) bool { return f.Code == "nginx-elsewhere" }) // of a test that runs next to this one
	if len(found) != 1 || found[0].Code != "nginx-absent" {
		t.Errorf("%+v", found)
	}
}

func TestColoursThatCannotCoexist(t *testing.T) {
	dir := shopFolder(t, "shop")
	writeFile(t, filepath.Join(dir, "compose.green-deploy.yml"), "name: shop\nservices:\n  was-blue:\n    image: bluegate-shop:v1\n  was-green:\n    image: bluegate-shop:v1\n    container_name: app\n")
	writeFile(t, filepath.Join(dir, "compose.blue-deploy.yml"), "name: shop\nservices:\n  was-blue:\n    image: bluegate-shop:v1\n    container_name: app\n")
	c := call(t.Context(), "deploy", "--dry-run", "--format", "json", "--project-directory", dir)
	if c.code == 7 {
		t.Fatalf("this test needs a Docker engine (testdata/engine/ensure.sh): %s", c.stdout)
	}
	r := c.reported(t)
	if c.code != 2 || len(r.Reasons) != 1 || r.Reasons[0].Code != model.CannotCoexist || !strings.Contains(r.Message, "compose.blue-deploy.yml:3 and "+dir+"/compose.green-deploy.yml:5") {
		t.Errorf("exit code %d: %+v", c.code, r)
	}
}

func TestVersionAndSchema(t *testing.T) {
	if c := call(t.Context(), "schema"); c.code != 0 || c.stdout != ui.ReportSchema || c.stderr != "" {
		t.Errorf("exit code %d, %d bytes", c.code, len(c.stdout))
	}
	if c := call(t.Context(), "schema", "report", "--quiet"); c.code != 0 || c.stdout != ui.ReportSchema {
		t.Errorf("exit code %d, %d bytes", c.code, len(c.stdout))
	}
	if c := call(t.Context(), "--version"); c.code != 0 || c.stdout != "bluegate version "+version+"\n" {
		t.Errorf("exit code %d, %q", c.code, c.stdout)
	}
}

// valid fails the test unless the text is one object that matches the schema.
func valid(t *testing.T, text string) {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(ui.ReportSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.json", schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := unmarshal(text)
	if err == nil {
		err = s.Validate(v)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// A reader that is gone changes nothing.
func TestPrintToABrokenPipe(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	for _, format := range []string{"text", "json"} {
		(&command{process: process{Stdout: w, Stderr: w, Getenv: noEnvironment}, format: format, report: report.NewReport("deploy").Finish(model.Promoted)}).print()
	}
}

// Without the small executable, bluegate itself is the agent.
func TestServeMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "default.conf")
	writeFile(t, path, "old")
	var out, errs bytes.Buffer
	in := `{"id":1,"replace":{"path":"` + path + `","old":"b2xk","new":"bmV3"}}`
	code := run(t.Context(), []string{wire.ServeMode}, process{Stdin: strings.NewReader(in), Stdout: &out, Stderr: &errs, Getenv: noEnvironment})
	if content, err := os.ReadFile(path); code != 0 || err != nil || string(content) != "new" || out.String() != `{"id":1,"atomic":true}`+"\n" {
		t.Errorf("exit code %d, %q, %q: %s", code, content, &out, &errs)
	}
	if code := run(t.Context(), []string{wire.ServeMode}, process{Stdin: strings.NewReader("{"), Stdout: &out, Stderr: &errs, Getenv: noEnvironment}); code != 1 || errs.Len() == 0 {
		t.Errorf("exit code %d: %s", code, &errs)
	}
}
