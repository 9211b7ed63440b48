package ui

import (
	"fmt"
	"time"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/report"
)

// waiting writes which release waits and until when, and the commands about it.
func (t *text) waiting() {
	r := t.r
	t.head(fmt.Sprintf("%s passed, and %s; %s", release(r), waits(r.Preview, t.Now), liveNow(r)), "")
	look := "bluegate preview"
	if by := r.Preview.Testers; by != nil {
		look += fmt.Sprintf(", or through nginx with the secret in %s", by)
	}
	t.line("  %s %s", t.Dim("look at it:  "), look)
	t.line("  %s bluegate promote", t.Dim("make it live:"))
	t.line("  %s bluegate abort", t.Dim("remove it:   "))
	t.findings()
}

// preview writes for status which release waits.
func (t *text) preview() {
	if p := t.r.Preview; p != nil {
		t.item(t.Dim("preview: "), fmt.Sprintf("%s %s: bluegate preview, bluegate promote, bluegate abort", style.Named(p.Colour, t.r.Versions), waits(p, t.Now)))
		if p.Testers != nil {
			t.item("", fmt.Sprintf("nginx gives it to requests with the secret in %s", p.Testers))
		}
	}
}

// waits says until when a release waits.
func waits(p *report.Preview, now time.Time) string {
	until := p.Until.UTC().Format(time.RFC3339)
	switch {
	case now.IsZero():
		return "waits to be promoted until " + until
	case !now.Before(p.Until):
		return "waited to be promoted until " + until + ", and is removed by the next deployment or settle"
	}
	return fmt.Sprintf("waits to be promoted until %s (%s more)", until, style.Shortly(p.Until.Sub(now)))
}
