package ci

import (
	"bytes"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/reports"
)

// A text that a container wrote ends no annotation, begins no other, and sets no property.
func TestGitHubAnnotation(t *testing.T) {
	r := report.NewReport("deploy")
	r.Project, r.From, r.To, r.Live, r.ReleaseImages, r.PreviousImages = "shop", model.Blue, model.Green, model.Blue, []string{"registry.example/app:v5"}, []string{"registry.example/app:v4"}
	r.Reasons = []model.Reason{{Code: model.Unhealthy, Service: "api-green", Message: "100% bad\n::set-output name=x::y"}, {Code: model.Exited, Message: "2"}}
	want := "::error title=shop%3A app%3Av5 refused%2C app%3Av4 (blue) still serves::unhealthy: api-green: 100%25 bad%0A::set-output name=x::y%0Aexited: 2\n"
	if got := GitHubAnnotation(r.Finish(model.Refused)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	r.Reasons, r.Live, r.Release, r.DurationMS = nil, model.Green, "r5", 14900
	if got := GitHubAnnotation(r.Finish(model.Promoted)); !strings.HasPrefix(got, "::notice title=shop%3A app%3Av5 is live on green%2C was app%3Av4 (blue)::release r5, in 14.9s\n") {
		t.Errorf("got %s", got)
	}
	for outcome, want := range map[model.Outcome]string{model.OK: "", model.Planned: "", model.Settled: "", model.Locked: "::warning", model.Interrupted: "::warning", model.RolledBack: "::error", model.Malformed: "::error", model.Unreachable: "::error"} {
		if got := GitHubAnnotation(r.Finish(outcome)); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: got %q", outcome, got)
		}
	}
}

// No value begins an output of its own.
func TestOutputsAreOneLineEach(t *testing.T) {
	r := report.NewReport("deploy")
	r.ReleaseImages = []string{"app:v5\nlive=purple", "worker:w1"}
	if got := outputs(r.Finish(model.Refused), ""); strings.Count(got, "\n") != 7 || !strings.Contains(got, "image=app:v5 live=purple,worker:w1\n") {
		t.Errorf("got %s", got)
	}
}

func TestSections(t *testing.T) {
	now := time.Unix(1795175100, 5)
	for variable, want := range map[string]string{
		"GITHUB_ACTIONS": "::group::bluegate deploy\n::endgroup::\n",
		"GITLAB_CI":      "\x1b[0Ksection_start:1795175100:bluegate_1795175100000000005\r\x1b[0Kbluegate deploy\n\x1b[0Ksection_end:1795175100:bluegate_1795175100000000005\r\x1b[0K\n",
		"CI":             "",
	} {
		var b bytes.Buffer
		s := NewSection(&b, "bluegate deploy", func(name string) string { return map[bool]string{true: "true"}[name == variable] }, now)
		s.Close(now)
		s.Close(now) // once
		if b.String() != want {
			t.Errorf("%s: got %q", variable, b.String())
		}
	}
	(*Section)(nil).Close(now)
}

// The report is written in each form, whole; one file that fails does not keep the others from being written.
func TestReportFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	files, err := ReportFiles([]string{"json=" + path("r.json"), "junit=" + path("r.xml"), "markdown=" + path("r.md"), "json=" + path("a=b.json")})
	if err != nil {
		t.Fatal(err)
	}
	gone := path("gone")
	if err := os.Mkdir(gone, 0o755); err != nil {
		t.Fatal(err)
	}
	more, err := ReportFiles([]string{"junit=" + filepath.Join(gone, "r.xml")})
	if err = errors.Join(err, os.Remove(gone)); err != nil {
		t.Fatal(err)
	}
	if err := WriteReports(reports.All()["refused with evidence"], append(more, files...)); err == nil || !strings.Contains(err.Error(), "write the report junit="+gone) {
		t.Errorf("a folder that is gone: %v", err)
	}
	for name, want := range map[string]string{"r.json": `"outcome": "refused"`, "a=b.json": `"exit_code": 3`, "r.xml": "<testsuites>", "r.md": "### ❌ shop"} {
		if got, err := os.ReadFile(path(name)); err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	if left, _ := filepath.Glob(path(".bluegate*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	for _, entry := range []string{"junit", "junit=", "xml=r.xml", "json=" + dir, "json=" + path("no/r.json")} {
		if _, err := ReportFiles([]string{entry}); err == nil || !strings.Contains(err.Error(), "--report") {
			t.Errorf("%s: %v", entry, err)
		}
	}
}

// In a job of GitHub Actions the report is always a file, which later steps can read.
func TestReportFileOfGitHub(t *testing.T) {
	env := map[string]string{"RUNNER_TEMP": "/tmp/runner", "GITHUB_OUTPUT": "/tmp/output"}
	getenv := func(name string) string { return env[name] }
	if files, path := WithJSON(nil, getenv); len(files) != 1 || !strings.HasPrefix(path, "/tmp/runner/bluegate-report-") {
		t.Errorf("%v, %s", files, path)
	}
	if files, path := WithJSON([]ReportFile{{"junit", "r.xml"}, {"json", "/r.json"}}, getenv); len(files) != 2 || path != "/r.json" {
		t.Errorf("%v, %s", files, path)
	}
	if files, path := WithJSON(nil, unsetVariable); len(files) > 0 || path != "" {
		t.Errorf("%v, %s", files, path)
	}
}

// Every report is well-formed, has one test more than steps and kinds of a drill, and fails where the command did.
func TestJUnit(t *testing.T) {
	for name, r := range reports.All() {
		r.Message += "\x00\x1b ]]> <b>"
		var got junitSuites
		if err := xml.Unmarshal([]byte(junit(r)), &got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		failed := got.Suite.Failures + got.Suite.Errors
		want, kinds := 0, 0
		if r.ExitCode != 0 {
			want = 1
		}
		if r.Drill != nil {
			kinds = len(r.Drill.Kinds)
			for _, k := range r.Drill.Kinds {
				want += min(k.Lost, 1)
			}
		}
		if got.Suite.Tests != len(r.Steps)+kinds+1 || len(got.Suite.Cases) != got.Suite.Tests || failed != want {
			t.Errorf("%s: %d tests, %d failures, %d errors; exit code %d", name, got.Suite.Tests, got.Suite.Failures, got.Suite.Errors, r.ExitCode)
		}
	}
}
