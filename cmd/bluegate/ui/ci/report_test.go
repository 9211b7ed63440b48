package ci

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/golden"
	"bluegate/testdata/reports"
)

func unsetVariable(string) string { return "" }

func TestMarkdown(t *testing.T) {
	for _, name := range []string{"promoted", "refused with evidence", "needs a person", "dry run"} {
		golden.Compare(t, filepath.Join("markdown", name+".md"), markdown(reports.All()[name]))
		golden.Compare(t, filepath.Join("junit", name+".xml"), junit(reports.All()[name]))
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
		"see www.evil.example":      "see www\u2060.evil.example",
		"WWW.evil.example":          "WWW\u2060.evil.example",
		"@everyone, (@team)":        "@\u2060everyone, (@\u2060team)",
		"shop@sha256:0123":          "shop@sha256:0123",
		"shop-was-green-1: 3 of 3":  "shop-was-green-1: 3 of 3",
	} {
		if got := escapeMarkdown(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	r := reports.All()["refused with evidence"]
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
		if err := WriteGitHub(reports.All()["promoted"], "/tmp/report.json", getenv); err != nil {
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
	if err := WriteGitHub(reports.All()["promoted"], "", unsetVariable); err != nil {
		t.Error(err)
	}
	env["GITHUB_OUTPUT"] = filepath.Join(dir, "no", "such", "folder")
	if err := WriteGitHub(reports.All()["promoted"], "", getenv); err == nil || !strings.Contains(err.Error(), "GITHUB_OUTPUT") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// GitHub shows nothing of a summary that is too long: its beginning is written, which has the answer, and says so.
func TestLongSummary(t *testing.T) {
	r := *reports.All()["promoted"]
	for range 20_000 {
		r.Findings = append(r.Findings, model.Finding{Code: "x", Message: strings.Repeat("long ", 10), Cost: "none"})
	}
	path := filepath.Join(t.TempDir(), "summary")
	if err := WriteGitHub(&r, "", func(name string) string {
		if name == "GITHUB_STEP_SUMMARY" {
			return path
		}
		return ""
	}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || len(got) > 1<<20 || len(got) < 1<<19 || !strings.HasPrefix(string(got), "This summary is not whole") || !strings.Contains(string(got), "is live on green") || !strings.HasSuffix(string(got), "\n") {
		t.Errorf("%d bytes, %v: %.300s", len(got), err, got)
	}
}
