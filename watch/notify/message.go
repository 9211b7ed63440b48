package notify

import (
	"fmt"
	"strings"
	"time"

	"bluegate/watch"
)

// EventTest is the kind of what `bluegate notify test` sends. A target cannot choose it.
const EventTest watch.EventKind = "test"

// Title says in one line what happened.
func Title(e watch.Event) string {
	what := e.Subject
	if what == watch.Live {
		what = "the live colour"
	}
	switch e.Kind {
	case watch.EventDown, watch.EventDegraded:
		still := ""
		if isReminder(e) {
			still = "still "
		}
		what += " is " + still + string(e.Kind)
	case watch.EventUp:
		what += " is healthy again"
	case watch.EventRefused:
		what += " was refused"
	case watch.EventRolledBack:
		what += " was rolled back"
	case watch.EventNeedsPerson:
		what += " needs a person"
	case watch.EventPromoted:
		what += " is live"
	case watch.EventHealed:
		what += " was healed"
	case EventTest:
		what = "a test of the notifications"
	default:
		what += ": " + string(e.Kind)
	}
	if e.Project == "" {
		return what
	}
	return e.Project + ": " + what
}

// textLimit is what every service accepts in one message.
const textLimit = 1500

// Text says why, since when, how long it lasted, and what to run.
func Text(e watch.Event) string {
	var lines []string
	if why := []rune(e.Why); len(why) > textLimit {
		lines = append(lines, string(why[:textLimit])+" …")
	} else if e.Why != "" {
		lines = append(lines, e.Why)
	}
	switch {
	case e.Kind == watch.EventUp:
		lines = append(lines, fmt.Sprintf("It was not healthy for %s, until %s.", Span(e.Lasted), moment(e.Since)))
	case e.Lasted > 0:
		lines = append(lines, fmt.Sprintf("It has lasted %s, since %s.", Span(e.Lasted), moment(e.Since)))
	case !e.Since.IsZero() && !e.Since.Equal(e.At):
		lines = append(lines, "Since "+moment(e.Since)+".")
	default:
		lines = append(lines, "At "+moment(e.At)+".")
	}
	if e.Run != "" {
		lines = append(lines, "Run: "+e.Run)
	}
	return strings.Join(lines, "\n")
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// Span writes a duration for people: 4m10s, 3h20m, 2d4h.
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day:
		return strings.Replace(fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour), "d0h", "d", 1)
	case d >= time.Hour:
		return strings.Replace(strings.TrimSuffix(d.Round(time.Minute).String(), "0s"), "h0m", "h", 1)
	case d >= time.Minute:
		return strings.Replace(d.Round(time.Second).String(), "m0s", "m", 1)
	case d >= time.Second:
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}
