package ui

import (
	"fmt"
	"strings"

	"bluegate/cmd/bluegate/adopt"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// InitText says what was done, what was found, what blocks a deployment, and what to do next.
func InitText(a InitResult) string {
	var b strings.Builder
	switch {
	case a.Exists && a.Diff != "":
		fmt.Fprintf(&b, "ok: %s exists and was not changed; the proposal differs from it\n%s", a.File, indented(a.Diff))
	case a.Exists && a.Content != "":
		fmt.Fprintf(&b, "ok: %s exists and equals the proposal\n", a.File)
	case a.Exists:
		fmt.Fprintf(&b, "ok: %s exists and was not changed; without it the conventions would apply\n", a.File)
	case a.Content == "":
		b.WriteString("ok: no bluegate.yml is needed\n")
	case a.Written:
		fmt.Fprintf(&b, "ok: wrote %s\n%s", a.File, indented(a.Content))
	default:
		fmt.Fprintf(&b, "ok: %s would be\n%s", a.File, indented(a.Content))
	}
	if len(a.Found) > 0 {
		b.WriteString("found:\n")
	}
	for _, seen := range a.Found {
		fmt.Fprintf(&b, "  %s: %s\n", seen.Place, seen.What)
	}
	writeBlockers(&b, a.Doctor)
	return b.String()
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

// writeBlockers lists what blocks a deployment, and what a switch could cost.
func writeBlockers(b *strings.Builder, r *report.Report) {
	next := "fix that, then run bluegate init again"
	switch r.Outcome {
	case model.OK:
		b.WriteString("nothing blocks a deployment\n")
		next = "bluegate deploy --dry-run, and then bluegate deploy"
	case model.Unreachable:
		fmt.Fprintf(b, "not checked: %s\n", indent(r.Message, "  "))
		next = "run bluegate doctor when it is reachable"
	default:
		b.WriteString("blocking:\n")
		if len(r.Reasons) == 0 {
			fmt.Fprintf(b, "  %s\n", indent(r.Message, "    "))
		}
		writeReasons(b, r.Reasons)
	}
	for _, f := range r.Findings {
		writeRemedy(b, f)
	}
	fmt.Fprintf(b, "next: %s\n", next)
}

// InitResult is the result of `bluegate init`.
type InitResult struct {
	Command   string              `json:"command"`
	Outcome   model.Outcome       `json:"outcome"`
	ExitCode  int                 `json:"exit_code"`
	Directory string              `json:"directory"`
	File      string              `json:"file"`
	Content   string              `json:"content"` // of the proposed file; empty if none is needed
	Written   bool                `json:"written"`
	Diff      string              `json:"diff,omitempty"` // from the existing file to the proposed one
	Found     []adopt.Observation `json:"found"`
	// Doctor is the report of `bluegate doctor` with this file.
	Doctor *report.Report `json:"doctor"`

	Exists bool `json:"-"` // whether bluegate.yml existed already
}
