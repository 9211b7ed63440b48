package deploy

import (
	"fmt"
	"time"
)

// State is what users meet, in one word. Only status says it.
type State string

// The states. Unknown is not down: users may well be served.
const (
	StateLive    State = "live"    // nginx provably serves a colour
	StateUnknown State = "unknown" // containers run, and it cannot be proven what nginx serves
	StateDown    State = "down"    // nothing can serve users
	StateNothing State = "nothing" // nothing of the application is on the engine, and nothing was ever made live
)

// LastProven is the colour that bluegate made live last. That is evidence of then, not of now.
type LastProven struct {
	Colour  Colour     `json:"colour"`
	Release string     `json:"release"`
	At      *time.Time `json:"at,omitempty"`
}

// state judges what was observed.
func (r *run) state() State {
	switch {
	case r.report.Live != None:
		return StateLive
	case len(r.containers) == 0 && len(r.journal.Releases) == 0 && r.journal.Current == nil:
		return StateNothing
	case r.route.State == RouterStopped, !r.runs(Blue) && !r.runs(Green):
		return StateDown
	case r.route.State == RouterRunning && r.route.Refusal == nil && r.route.Names != None: // by a colour that does not run
		return StateDown
	}
	return StateUnknown
}

// concludeStatus gives each state its words and its exit code.
func (r *run) concludeStatus() *Report {
	report := r.report
	report.State = r.state()
	if len(r.journal.Releases) > 0 {
		rec := r.journal.Releases[0]
		report.LastProven = &LastProven{Colour: rec.Colour, Release: rec.Release}
		if !rec.At.IsZero() {
			report.LastProven.At = &rec.At
		}
	}
	switch report.State {
	case StateLive:
		return report.Finish(OK)
	case StateNothing:
		report.Message = "nothing of the application is on this engine: " + report.LiveBy
		return report.Finish(OK)
	}
	report.Message = fmt.Sprintf("%s%s: %s", report.State, report.LastProven.words(), report.LiveBy)
	report.Run = "bluegate doctor"
	if r.journal.Current != nil {
		report.Run = "bluegate settle"
	}
	switch {
	case r.route.State != RouterRunning:
		return report.Finish(Unreachable)
	case report.State == StateDown:
		return report.Finish(NotHealthy)
	}
	return report.Finish(NeedsPerson)
}

func (l *LastProven) words() string {
	switch {
	case l == nil:
		return " (bluegate never made a colour live here)"
	case l.At == nil:
		return fmt.Sprintf(" (last proven: %s, release %s)", l.Colour, l.Release)
	}
	return fmt.Sprintf(" (last proven: %s, release %s, at %s)", l.Colour, l.Release, l.At.UTC().Format(time.RFC3339))
}
