// Package ci writes what CI services read and show: annotations, outputs, sections of a log, a summary page, and reports in
// files.
package ci

import (
	"fmt"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// live says which colour is live and how that is known, where the outcome does not say it.
func live(r *report.Report) string {
	switch r.Outcome {
	case model.NeedsPerson, model.Interrupted, model.Failed, model.Unreachable, model.Settled:
	default:
		return ""
	}
	switch {
	case r.LiveBy == "":
		return ""
	case r.Live == model.None:
		return "not known: " + r.LiveBy
	}
	return fmt.Sprintf("%s: %s", r.Live, r.LiveBy)
}

// imageLine says what a release runs of a service, and what it took the place of.
func imageLine(i report.LiveImage) string {
	text := fmt.Sprintf("%s runs %s (%.19s)", i.Service, i.Image, i.Digest)
	switch old := i.Replaced; {
	case old == nil:
		return text
	case old.Digest == i.Digest:
		return text + ", the same as " + old.Service
	default:
		return fmt.Sprintf("%s; %s ran %s (%.19s)", text, old.Service, old.Image, old.Digest)
	}
}

// duration is a time in words, to a tenth of a second.
func duration(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	if d >= time.Second {
		d = d.Round(100 * time.Millisecond)
	}
	return d.String()
}

// before is a text after a prefix; empty if the text is.
func before(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// after is a text with what follows it; empty if the text is.
func after(text, suffix string) string {
	if text == "" {
		return ""
	}
	return text + suffix
}
