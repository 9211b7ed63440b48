package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// TextOptions are how a report is shown to people.
type TextOptions struct {
	style.Look
	Verbose bool
	Explain int       // of doctor: the number of what is shown in full; 0: none
	Now     time.Time // for how long ago something was
}

// text is a report that is being written.
type text struct {
	strings.Builder
	TextOptions
	r *report.Report
}

// ReportText returns the report for people. It leads with the answer: which version is live where or, for a refusal, the
// reason; then the evidence, then what to do. With Verbose, everything else follows.
func ReportText(r *report.Report, o TextOptions) string {
	t := &text{TextOptions: o, r: r}
	switch {
	case r.Command == "doctor" && (r.Outcome == model.OK || r.Outcome == model.Refused):
		t.doctor()
	case r.Drill != nil && (r.Outcome == model.OK || r.Outcome == model.Lost):
		t.drill()
	case r.Outcome == model.Promoted || r.Outcome == model.Started:
		t.promoted()
	case r.Outcome == model.Refused || r.Outcome == model.RolledBack:
		t.refused()
	case r.Outcome == model.Planned:
		t.planned()
	case r.Outcome == model.Waiting:
		t.waiting()
	case r.Command == "status" || r.Command == "health":
		t.state()
	case r.Command == "watch":
		t.ended()
		writeMeasured(&t.Builder, r.Checks)
	default:
		t.ended()
	}
	if o.Verbose {
		t.everything()
	}
	return t.String()
}

// line writes one line.
func (t *text) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

// signs are how outcomes are marked on a terminal.
var signs = map[model.Outcome]style.Sign{
	model.Promoted: style.SignDone, model.Started: style.SignDone, model.Planned: style.SignRunning, model.Waiting: style.SignRunning, model.Settled: style.SignDone, model.OK: style.SignDone,
	model.Refused: style.SignFailed, model.RolledBack: style.SignFailed, model.NotHealthy: style.SignFailed, model.Lost: style.SignFailed, model.Failed: style.SignFailed, model.Malformed: style.SignFailed,
	model.NeedsPerson: style.SignWarning, model.Locked: style.SignWarning, model.Unreachable: style.SignWarning, model.Interrupted: style.SignWarning,
}

// said are the outcomes whose sentences say them: on a terminal with colours the sign stands for their word.
var said = []model.Outcome{model.Promoted, model.Started, model.OK}

// head writes the first line: the outcome, the sentence, and at its end what is good to know. Elsewhere than on a terminal
// it begins with the outcome's word, by which logs are searched.
func (t *text) head(sentence, aside string) {
	outcome := t.r.Outcome
	switch {
	case !t.Colour:
		sentence = string(outcome) + ": " + sentence
	case slices.Contains(said, outcome):
		sentence = t.Sign(signs[outcome]) + " " + t.Bold(sentence)
	default:
		sentence = t.Sign(signs[outcome]) + " " + t.In(signs[outcome].Colour, string(outcome)) + ": " + sentence
	}
	if aside != "" && t.Width == 0 {
		sentence += " (" + aside + ")"
		aside = ""
	}
	if sentence = style.Indent(t.Wrap(sentence, 2), "  "); strings.Contains(sentence, "\n") {
		aside = ""
	}
	t.line("%s", t.aside(sentence, t.Dim(aside)))
}

// aside puts text at the end of a line of a terminal, if there is room.
func (t *text) aside(line, text string) string {
	columns := min(t.Width-1, style.WidestView)
	if text == "" || ansi.StringWidth(line)+ansi.StringWidth(text)+2 > columns {
		return line
	}
	return t.Spread(line, text, columns)
}

// item writes a text below the headline, with a mark at its head.
func (t *text) item(mark, words string) {
	t.line("  %s%s", mark, style.Indent(t.Wrap(words, 4+ansi.StringWidth(mark)), "    "))
}

// ended writes what ended in another way: with its message, which colour is live, and what to run.
func (t *text) ended() {
	t.head(t.r.Message, "")
	if live := liveLine(t.r); live != "" {
		t.line("live: %s", style.Indent(t.Wrap(live, 6), "  "))
	}
	t.reasons(slices.DeleteFunc(slices.Clone(t.r.Reasons), func(r model.Reason) bool { // said already
		return strings.Contains(t.r.Message, r.Message) && r.LastProbe == "" && len(r.LogTail) == 0
	}))
	t.undone()
	t.findings()
	if t.r.Run != "" {
		t.line("run: %s", t.r.Run)
	}
}

// promoted writes which version is live, what it replaced, and how to go back.
func (t *text) promoted() {
	r := t.r
	aside := ""
	if total := r.DurationMS; total > 0 {
		aside = style.Took(time.Duration(total) * time.Millisecond)
		if i := slices.IndexFunc(r.Steps, func(s report.Step) bool { return s.Name == "switch" }); i >= 0 && r.Switch != nil {
			aside += ", switch in " + style.Took(time.Duration(r.Steps[i].MS)*time.Millisecond)
		}
	}
	t.head(nowLive(r), aside)
	if r.From != model.None && r.From != r.Live {
		was, undo := "  was "+t.replaced(), t.undoHint()
		if line := t.aside(was, undo); line != was || undo == "" {
			t.line("%s", line)
		} else if both := was + "; " + undo; t.Width > 0 && ansi.StringWidth(both) >= t.Width { // a command is not broken
			t.line("%s\n  %s", was, undo)
		} else {
			t.line("%s", both)
		}
	}
	t.verdicts()
	t.findings()
}

// replaced says what the old colour was, and what became of it.
func (t *text) replaced() string {
	r := t.r
	left := "still running"
	switch {
	case !hasStep(r, "retire"):
	case len(r.Containers) > 0 && !slices.ContainsFunc(r.Containers, func(c model.Container) bool { return c.Colour == r.From }):
		left = "removed"
	default:
		left = "kept stopped"
	}
	return style.Named(r.From, r.Versions) + ", " + left
}

// undoHint is how to go back, where that is possible.
func (t *text) undoHint() string {
	if t.r.Command != "deploy" || slices.ContainsFunc(t.r.Findings, func(f model.Finding) bool { return f.Code == "not-kept" }) {
		return ""
	}
	return "undo: bluegate rollback"
}

func hasStep(r *report.Report, name string) bool {
	return slices.ContainsFunc(r.Steps, func(s report.Step) bool { return s.Name == name && s.Status == "ok" })
}

// refused writes the reason, the evidence, and what to do. It never shows a plan.
func (t *text) refused() {
	r := t.r
	sentence := refusal(r)
	if r.Outcome == model.RolledBack {
		sentence = takenBack(r)
	}
	t.head(sentence+"; "+liveNow(r), "")
	if len(r.Reasons) == 0 {
		t.item("", r.Message)
	}
	t.reasons(r.Reasons)
	t.undone()
	t.findings()
	t.line("  %s %s", t.Dim("try again:"), tryAgain(r))
}

// tryAgain is the command to run once the cause is gone.
func tryAgain(r *report.Report) string {
	command := "bluegate " + r.Command
	if r.DryRun {
		command += " --dry-run"
	}
	return command
}

// logLines is how much of a container's log a refusal shows; the rest is in the JSON report and with --verbose.
const logLines = 8

// reasons writes each reason with its evidence.
func (t *text) reasons(reasons []model.Reason) {
	for _, r := range reasons {
		t.item("", r.String())
		if probe := strings.TrimSpace(r.LastProbe); probe != "" && (t.Verbose || !strings.Contains(r.Message, lastLineOf(probe))) {
			t.line("    last probe: %s", style.Indent(t.Wrap(probe, 16), "      "))
		}
		tail := r.LogTail
		if more := len(tail) - logLines; more > 0 && !t.Verbose {
			tail = tail[more:]
		}
		for _, line := range tail {
			line = "  " + t.Dim(t.Sign(style.QuoteBar)) + " " + line
			if t.Width > 0 && !t.Verbose {
				line = t.Cut(line, t.Width-1)
			}
			t.line("%s", line)
		}
	}
}

func lastLineOf(text string) string {
	return strings.TrimSpace(text[strings.LastIndex(text, "\n")+1:])
}

// undone says what became of the release that did not pass.
func (t *text) undone() {
	r := t.r
	u := r.Undo
	switch {
	case u == nil && r.Outcome == model.Refused && !r.DryRun && r.Command != "doctor":
		t.item("", "nothing was changed")
	case u == nil:
	case u.Status != "ok":
		t.item("", fmt.Sprintf("%s: %s after %s%s", u.Name, u.Status, duration(u.MS), style.Prefixed(": ", u.Error)))
	case r.Command == "rollback":
		t.item("", fmt.Sprintf("%s was stopped again", r.To))
	case len(r.Pruned.Containers)+len(r.Pruned.Images) > 0:
		t.item("", fmt.Sprintf("%s and what it brought were removed", r.To))
	default:
		t.item("", "what was begun was undone")
	}
}

// usual are findings that every run of many setups repeats. They are shown with --verbose.
var usual = []string{"local-image", "gate", "pull-skipped", "nginx-no-restart-policy"}

// findings writes what is to be known besides.
func (t *text) findings() {
	if t.Verbose { // with everything else
		return
	}
	for _, f := range t.r.Findings {
		if slices.Contains(usual, f.Code) || t.saidByHead(f) {
			continue
		}
		if !t.Colour {
			t.line("note: %s%s (%s)", style.PrefixedBy(f.Place, ": "), style.Indent(t.Wrap(f.Message, 6), "  "), f.Code)
			continue
		}
		t.item(t.Sign(style.SignWarning)+" ", style.PrefixedBy(f.Place, ": ")+f.Message)
	}
}

func duration(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	if d >= time.Second {
		d = d.Round(100 * time.Millisecond)
	}
	return d.String()
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if strings.HasSuffix(thing, "s") {
		return fmt.Sprintf("%d %ses", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// saidByHead says that the first line has said already why nothing is live after a first deployment.
func (t *text) saidByHead(f model.Finding) bool {
	r := t.r
	return r.Outcome == model.Started && r.Live == model.None && r.LiveBy != "" && strings.HasPrefix(f.Message, r.LiveBy+":")
}
