package ui

import (
	"slices"
	"strings"
	"time"

	"bluegate/deploy/redact"
	"bluegate/deploy/report"
)

// writeMeasured lists the checks of one round of watch, with the times of their answers.
func writeMeasured(b *strings.Builder, checks []report.Check) {
	rows := []row{{"CHECK", "STATE", "MIN", "MEDIAN", "P95", "MAX", ""}}
	for _, c := range checks {
		times := row{"-", "-", "-", "-"}
		if c.MS != nil {
			times = row{millis(c.MS.Min), millis(c.MS.Median), millis(c.MS.P95), millis(c.MS.Max)}
		}
		rows = append(rows, slices.Concat(row{redact.Sanitize(c.Check), c.Status}, times, row{c.Message}))
	}
	for _, line := range aligned(rows) {
		b.WriteString("  " + line + "\n")
	}
}

// millis is a time in milliseconds, as people read it.
func millis(ms float64) string {
	return (time.Duration(ms*float64(time.Millisecond)/1e5) * 1e5).String()
}
