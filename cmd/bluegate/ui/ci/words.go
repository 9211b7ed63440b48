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
