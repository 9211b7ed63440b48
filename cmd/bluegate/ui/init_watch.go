package ui

import (
	"fmt"
	"strings"
)

// InitWatchText says what was written for a folder that has only something to watch, and what to do next.
func InitWatchText(a InitResult) string {
	var b strings.Builder
	switch {
	case a.Exists && a.Diff != "":
		fmt.Fprintf(&b, "ok: %s exists and was not changed; the proposal differs from it\n%s", a.File, indented(a.Diff))
	case a.Exists:
		fmt.Fprintf(&b, "ok: %s exists and equals the proposal\n", a.File)
	case a.Written:
		fmt.Fprintf(&b, "ok: wrote %s\n%s", a.File, indented(a.Content))
	default:
		fmt.Fprintf(&b, "ok: %s would be\n%s", a.File, indented(a.Content))
	}
	b.WriteString("found:\n")
	for _, seen := range a.Found {
		fmt.Fprintf(&b, "  %s: %s\n", seen.Place, seen.What)
	}
	for _, f := range a.Doctor.Findings {
		fmt.Fprintf(&b, "note: %s\n", f.Message)
	}
	b.WriteString("next: bluegate watch --once, and then bluegate watch\n")
	return b.String()
}
