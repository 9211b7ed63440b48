package ui

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/model"
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
