package ui

import (
	"fmt"
	"strings"

	"bluegate/deploy/report"
)

func markdown(r *report.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### bluegate %s: %s\n\n%s\n\n", r.Command, r.Outcome, escapeMarkdown(headline(r)))
	if live := liveLine(r); live != "" {
		fmt.Fprintf(&b, "Live: %s\n\n", escapeMarkdown(live))
	}
	for _, reason := range r.Reasons {
		fmt.Fprintf(&b, "- **%s** %s\n", reason.Code, escapeMarkdown(strings.TrimPrefix(reason.String(), string(reason.Code)+": ")))
	}
	if len(r.Steps) > 0 {
		b.WriteString("\n| step | status | time |\n|---|---|---|\n")
		for _, s := range r.Steps {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", s.Name, s.Status, duration(s.MS))
		}
	}
	for i, image := range r.Images {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "- %s\n", escapeMarkdown(imageLine(image)))
	}
	if len(r.Containers) > 0 {
		b.WriteString("\n| colour | container | state | health | image |\n|---|---|---|---|---|\n")
		for _, c := range r.Containers {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", c.Colour, escapeMarkdown(c.Name), c.State, c.Health, escapeMarkdown(c.Image))
		}
	}
	return b.String() + "\n"
}

// escapeMarkdown keeps text that containers or files contain from becoming markup or a link. It uses entities, because
// a backslash does not escape inside a table.
func escapeMarkdown(text string) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(text, "://", ":\u2060//") {
		switch {
		case r == '\n':
			b.WriteString("<br>")
		case strings.ContainsRune("\\`*_[]<>|~&$#!", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
