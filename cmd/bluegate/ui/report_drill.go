package ui

import (
	"fmt"
	"strings"
	"time"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// drill writes what each kind of user lost, and when.
func (t *text) drill() {
	d := t.r.Drill
	t.head(t.r.Message, style.Took(time.Duration(t.r.DurationMS)*time.Millisecond))
	t.line("  %s", t.Dim(fmt.Sprintf("%-16s %9s %6s %7s", "", "requests", "lost", "resent")))
	var skipped []report.DrillKind
	for _, k := range d.Kinds {
		if k.Skipped != "" {
			skipped = append(skipped, k)
			continue
		}
		line := fmt.Sprintf("%-16s %9d %6d %7d", k.Kind, k.Requests, k.Lost, k.Resent)
		if k.Lost > 0 {
			line = t.In(style.SignFailed.Colour, line)
		}
		t.line("  %s", line)
	}
	for _, k := range d.Kinds {
		if len(k.AnnouncedBy) > 0 {
			t.item("", fmt.Sprintf("doctor announces losses of %s: %s", k.Kind, strings.Join(k.AnnouncedBy, ", ")))
		}
	}
	for _, k := range skipped {
		t.item("", fmt.Sprintf("not tried: %s: %s", k.Kind, k.Skipped))
	}
	for _, k := range d.Kinds {
		for _, loss := range k.Losses {
			t.item("", lossWords(k.Kind, loss))
		}
		if more := k.Lost - len(k.Losses); more > 0 {
			t.item("", fmt.Sprintf("%s: %d more", k.Kind, more))
		}
	}
	t.item("", switchesWords(d.Switches))
	if t.r.Live != model.None {
		t.item("", "live: "+style.Named(t.r.Live, t.r.Versions)+", with the containers that it had")
	}
	t.findings()
}

// lossWords say which request was lost, how, and when.
func lossWords(kind string, loss report.DrillLoss) string {
	when := "before the first switch"
	if loss.Switch > 0 {
		when = fmt.Sprintf("%s after switch %d began", style.Took(time.Duration(loss.AfterMS)*time.Millisecond), loss.Switch)
	}
	text := fmt.Sprintf("lost: %s %s, %s: %s: %s", kind, loss.Path, when, loss.How, loss.Message)
	if loss.Announced {
		text += " (announced)"
	}
	return text
}

// switchesWords say how long the switches took, and their drains.
func switchesWords(switches []report.DrillSwitch) string {
	var parts []string
	for i, s := range switches {
		drained := "drained in " + style.Took(time.Duration(s.DrainMS)*time.Millisecond)
		if !s.Drained {
			drained = "not drained after " + style.Took(time.Duration(s.DrainMS)*time.Millisecond)
		}
		parts = append(parts, fmt.Sprintf("%d to %s in %s, %s", i+1, s.To, style.Took(time.Duration(s.MS)*time.Millisecond), drained))
	}
	return "switches: " + strings.Join(parts, "; ")
}
