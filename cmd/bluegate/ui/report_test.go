package ui

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/golden"
	"bluegate/testdata/reports"
)

// looks are the windows in which reports are tried: none, that is CI, and terminals.
var looks = map[string]style.Look{
	"":      {},
	" 80":   {Terminal: true, Colour: true, Width: 80},
	" 40":   {Terminal: true, Colour: true, Width: 40},
	" 80 n": {Terminal: true, Width: 80},
}

func TestText(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, r := range reports.All() {
		for suffix, look := range looks {
			if suffix == " 40" && name != "refused with evidence" && name != "status" && name != "doctor" || suffix == " 80 n" && name != "promoted" {
				continue
			}
			got := ansi.Strip(ReportText(r, TextOptions{Look: look, Now: now}))
			golden.Compare(t, filepath.Join("text", name+suffix+".txt"), got)
			for line := range strings.Lines(got) {
				if w := ansi.StringWidth(strings.TrimRight(line, "\n")); look.Width > 0 && w > look.Width && !strings.Contains(line, "://") {
					t.Errorf("%s: %d columns in a window of %d: %q", name+suffix, w, look.Width, line)
				}
			}
			if first := style.FirstLine(got); !look.Colour && !strings.HasPrefix(first, string(r.Outcome)+": ") {
				t.Errorf("%s: the first line is %q", name+suffix, first)
			}
			if r.Outcome == model.Refused && (strings.Contains(got, "create") || strings.Contains(got, "ready:")) {
				t.Errorf("%s: a refusal shows a plan:\n%s", name, got)
			}
			if lines := strings.Count(got, "\n"); look.Width == 80 && lines > 24 {
				t.Errorf("%s: %d lines do not fit a screen:\n%s", name+suffix, lines, got)
			}
		}
	}
	for _, name := range []string{"promoted", "refused with evidence", "dry run", "status", "doctor"} {
		golden.Compare(t, filepath.Join("text", name+" verbose.txt"), ReportText(reports.All()[name], TextOptions{Verbose: true, Now: now}))
	}
	for n, name := range map[int]string{1: "doctor explain", 9: "doctor explain nothing"} {
		golden.Compare(t, filepath.Join("text", name+".txt"), ReportText(reports.All()["doctor"], TextOptions{Explain: n}))
	}
}

// What became of the old colour is what the engine has of it at the end.
func TestOldColour(t *testing.T) {
	retired := []report.Step{{Name: "retire", Status: "ok"}}
	blue := []model.Container{{Colour: model.Blue, Name: "shop-was-blue-1", Service: "was-blue"}}
	green := []model.Container{{Colour: model.Green, Name: "shop-was-green-1", Service: "was-green"}}
	for name, test := range map[string]struct {
		steps []report.Step
		there []model.Container
		want  string
	}{
		"kept":        {retired, slices.Concat(blue, green), "blue, kept stopped"},
		"removed":     {retired, green, "blue, removed"},
		"not listed":  {retired, nil, "blue, kept stopped"},
		"not retired": {nil, slices.Concat(blue, green), "blue, still running"},
	} {
		r := report.NewReport("deploy")
		r.From, r.To, r.Live, r.Steps, r.Containers = model.Blue, model.Green, model.Green, test.steps, test.there
		r.Finish(model.Promoted)
		if got := ReportText(r, TextOptions{}); !strings.Contains(got, "was "+test.want) {
			t.Errorf("%s: want %q in\n%s", name, test.want, got)
		}
	}
}

// A one-shot that has done its work is neither stopped nor failed.
func TestCompletedOneShot(t *testing.T) {
	r := report.NewReport("status")
	r.Live = model.Blue
	r.Containers = []model.Container{
		{Colour: model.Blue, Service: "was", Name: "was.1", State: "running", Health: "healthy", Running: true, Image: "shop:v1"},
		{Colour: model.Blue, Service: "migrate", Name: "migrate.1", State: "exited", Health: "none", Completed: true, Image: "shop:v1"},
		{Colour: model.Blue, Service: "broken", Name: "broken.1", State: "exited", Health: "none", Image: "shop:v1"},
	}
	r.Finish(model.OK)
	got := strings.Join(strings.Fields(ReportText(r, TextOptions{})), " ")
	for _, want := range []string{"migrate + completed 1/1", "broken x exited 0/1"} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, ReportText(r, TextOptions{}))
		}
	}
}

// Every reason has words for the first line, and every outcome a sign.
func TestEveryReasonHasWords(t *testing.T) {
	for _, code := range reportShape(t).Defs["reason"].Properties["code"].Enum {
		if causes[model.Code(code)] == "" {
			t.Errorf("the reason %s has no words", code)
		}
	}
	for _, outcome := range reportShape(t).Properties["outcome"].Enum {
		if signs[model.Outcome(outcome)].Text == "" {
			t.Errorf("the outcome %s has no sign", outcome)
		}
	}
}
