package ui

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"bluegate/deploy/redact"
	"bluegate/deploy/report"
)

// writeMeasured lists the checks of one round of watch, with the times of their answers.
func writeMeasured(b *strings.Builder, checks []report.Check) {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  CHECK\tSTATE\tMIN\tMEDIAN\tP95\tMAX\t")
	for _, c := range checks {
		times := "-\t-\t-\t-"
		if c.MS != nil {
			times = strings.Join([]string{millis(c.MS.Min), millis(c.MS.Median), millis(c.MS.P95), millis(c.MS.Max)}, "\t")
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", redact.Sanitize(c.Check), c.Status, times, c.Message)
	}
	_ = table.Flush()
	for line := range strings.Lines(text.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

// millis is a time in milliseconds, as people read it.
func millis(ms float64) string {
	return (time.Duration(ms*float64(time.Millisecond)/1e5) * 1e5).String()
}
