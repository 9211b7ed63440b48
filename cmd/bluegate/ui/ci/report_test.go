package ci

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

var update = flag.Bool("golden", false, "write the golden files")

func unsetVariable(string) string { return "" }

// golden compares got with a file in testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(file, " ", "-"))
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -golden writes it)", err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

// reports are those of which every form is compared.
func reports() map[string]*report.Report {
	at := time.Date(2026, 11, 20, 11, 45, 9, 0, time.UTC)
	three := 3
	ended := func(o model.Outcome, fill func(*report.Report)) *report.Report {
		r := report.NewReport("deploy")
		r.Project, r.Release, r.From, r.To, r.Live = "shop", "20261120T114500-7f3a", model.Blue, model.Green, model.Blue
		r.Versions = map[model.Colour]string{model.Blue: "v1", model.Green: "v2"}
		r.LiveBy = `the configuration of container "edge" names it (was-blue:3000 at /etc/nginx/conf.d/default.conf:5) and its containers run`
		r.ReleaseImages, r.PreviousImages, r.DurationMS = []string{"registry.example/shop:v2", "worker:w2"}, []string{"registry.example/shop:v1"}, 14900
		r.NginxDiff = "--- a\n+++ b\n@@ -1 +1 @@\n-server was-blue:3000;\n+server was-green:3000;\n"
		fill(r)
		return r.Finish(o)
	}
	containers := []model.Container{
		{Colour: model.Blue, Service: "was-blue", Name: "shop-was-blue-1", ID: strings.Repeat("a", 64), Image: "registry.example/shop:v1", Digest: "sha256:" + strings.Repeat("1", 64), State: "running", Health: "healthy"},
		{Colour: model.Green, Service: "was-green", Name: "shop-was-green-1", ID: strings.Repeat("b", 64), Image: "registry.example/shop:v2", Digest: "sha256:" + strings.Repeat("2", 64), State: "running", Health: "unhealthy", Restarts: 2, LastProbe: "connection refused", Release: "20261120T114500-7f3a"},
	}
	steps := []report.Step{{Name: "lock", Status: "ok", MS: 31}, {Name: "pull", Status: "ok", MS: 812}, {Name: "gate", Status: "ok", MS: 9034}, {Name: "switch", Status: "ok", MS: 236}, {Name: "retire", Status: "skipped", MS: 0}}
	return map[string]*report.Report{
		"promoted": ended(model.Promoted, func(r *report.Report) {
			r.Live, r.LiveBy = model.Green, "nginx was just switched to it, and that was proven"
			r.Steps = steps
			r.Switch = &model.Switched{Nginx: `container "edge"`, At: at, Files: []string{"/etc/nginx/conf.d/default.conf"}, Points: 2, NewWorkers: 2, OldWorkers: 2, ProofMS: 221,
				Proof: []string{"every address accepted a connection", "nginx sees the bytes that were written, and so would its next start"}}
			r.Findings = []model.Finding{{Code: "not-persistent", Place: "/etc/nginx/conf.d/default.conf", Message: "it lies in no mount"}, {Code: "local-image", Message: "shop:v2 exists only on this engine"}}
			r.Pruned = report.Pruned{Containers: []string{"shop-was-green-1"}, Images: []string{}, Replaced: []string{"shop-was-green-1"}}
			r.Images = []report.LiveImage{
				{Service: "was-green", Image: "registry.example/shop:v2", Digest: "sha256:" + strings.Repeat("2", 64), Replaced: &report.ReplacedImage{Service: "was-blue", Image: "registry.example/shop:v1", Digest: "sha256:" + strings.Repeat("1", 64)}},
				{Service: "new-green", Image: "registry.example/shop:v2", Digest: "sha256:" + strings.Repeat("2", 64)},
			}
			r.Containers = containers
		}),
		"refused with evidence": ended(model.Refused, func(r *report.Report) {
			r.Message = "refused: unhealthy: …"
			r.Reasons = []model.Reason{
				{Code: model.Unhealthy, Service: "was-green", Container: "shop-was-green-1", ContainerID: "b", Message: "3 of 3 probes failed", LastProbe: "GET http://127.0.0.1:3000/health: 503 Service Unavailable\ndatabase: connection refused\n", LogTail: []string{"shop: started", "panic: no database", "  at main.go:7"}},
				{Code: model.Exited, Service: "signal-green", Container: "shop-signal-green-1", Message: "it ended with exit code 3", ExitCode: &three},
				{Code: model.OOMKilled, Service: "x-green", Message: "killed for want of memory", OOMKilled: true},
			}
			r.Steps = append([]report.Step{}, steps[:2]...)
			r.Steps = append(r.Steps, report.Step{Name: "gate", Status: "failed", MS: 9034, Message: "refused: unhealthy: …\nsecond line"})
			r.Undo = &report.Undo{Name: "abandon", Status: "ok", MS: 310}
			r.Pruned = report.Pruned{Containers: []string{"shop-was-green-1", "shop-signal-green-1"}, Images: []string{"registry.example/shop:v2"}, Replaced: []string{"shop-was-green-1"}}
			r.Containers = containers
		}),
		"needs a person": ended(model.NeedsPerson, func(r *report.Report) {
			r.Live = model.Green
			r.Message = "green is live, but after 1m0s 1 old workers of container \"edge\" still answer requests, so blue keeps running"
			r.Run = "bluegate settle"
		}),
		"dry run": ended(model.Planned, func(r *report.Report) {
			r.DryRun, r.Release = true, ""
			r.Containers = containers[:1]
			r.Plan = &report.Plan{
				Pull: []string{"registry.example/shop:v2"}, Build: []string{"shop-worker-green"}, Create: []string{"1 × was-green"}, Start: []string{}, Replace: []string{"shop-was-green-1"}, Stop: []string{"shop-was-blue-1"},
				Points:   []model.SwitchPoint{{Place: "/etc/nginx/conf.d/default.conf:5", Directive: "server", Upstream: "was", Address: "was-blue:3000"}},
				Diff:     "--- a\n+++ b\n@@ -1 +1 @@\n-server was-blue:3000;\n+server was-green:3000;\n",
				Services: []report.Decision{{Service: "was-green", Image: "registry.example/shop:v2", Healthcheck: "interval 1s, timeout 1s, retries 3, start_period 20s", LatestMS: 27000}}, Checks: []string{}, Hooks: []string{}, BudgetMS: 27000,
			}
		}),
	}
}

func TestMarkdown(t *testing.T) {
	for _, name := range []string{"promoted", "refused with evidence", "needs a person", "dry run"} {
		golden(t, filepath.Join("markdown", name+".md"), markdown(reports()[name]))
		golden(t, filepath.Join("junit", name+".xml"), junit(reports()[name]))
	}
}

// Text of a container stays text: it ends no table, and becomes no link, image or command of the page.
func TestMarkdownOfForeignText(t *testing.T) {
	for text, want := range map[string]string{
		"a|b":                       "a&#124;b",
		"a\nb":                      "a<br>b",
		"<img src=x onerror=y>":     "&#60;img src=x onerror=y&#62;",
		"[x](javascript:y) ![z](w)": "&#91;x&#93;(javascript:y) &#33;&#91;z&#93;(w)",
		"`code` *b* _i_ ~~s~~ $m$":  "&#96;code&#96; &#42;b&#42; &#95;i&#95; &#126;&#126;s&#126;&#126; &#36;m&#36;",
		`a\|b`:                      "a&#92;&#124;b",
		"&lt;":                      "&#38;lt;",
		"http://evil.example":       "http:\u2060//evil.example",
		"shop-was-green-1: 3 of 3":  "shop-was-green-1: 3 of 3",
	} {
		if got := escapeMarkdown(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	r := reports()["refused with evidence"]
	r.Reasons[0].Message = "a | b\n| c | d |\n### no headline"
	r.Containers[0].Image = "x|y"
	got := markdown(r)
	if strings.Contains(got, "\n| c |") || strings.Contains(got, "\n###") || strings.Contains(got, "x|y") {
		t.Errorf("foreign text became markup:\n%s", got)
	}
}

func TestTellGitHub(t *testing.T) {
	dir := t.TempDir()
	output, summary := filepath.Join(dir, "output"), filepath.Join(dir, "summary")
	env := map[string]string{"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary}
	getenv := func(name string) string { return env[name] }
	if err := os.WriteFile(output, []byte("earlier=kept\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := WriteGitHub(reports()["promoted"], "/tmp/report.json", getenv); err != nil {
			t.Fatal(err)
		}
	}
	line := "outcome=promoted\nlive=green\nrelease=20261120T114500-7f3a\nimage=registry.example/shop:v2,worker:w2\nprevious=registry.example/shop:v1\nduration=14.9\nreport=/tmp/report.json\n"
	if got, err := os.ReadFile(output); err != nil || string(got) != "earlier=kept\n"+line+line {
		t.Errorf("GITHUB_OUTPUT is %q, %v", got, err)
	}
	if got, err := os.ReadFile(summary); err != nil || strings.Count(string(got), "### ✅ shop: shop:v2, worker:w2 is live on green, was shop:v1 (blue)") != 2 {
		t.Errorf("GITHUB_STEP_SUMMARY is %q, %v", got, err)
	}
	if err := WriteGitHub(reports()["promoted"], "", unsetVariable); err != nil {
		t.Error(err)
	}
	env["GITHUB_OUTPUT"] = filepath.Join(dir, "no", "such", "folder")
	if err := WriteGitHub(reports()["promoted"], "", getenv); err == nil || !strings.Contains(err.Error(), "GITHUB_OUTPUT") {
		t.Errorf("a folder that is not there: %v", err)
	}
}
