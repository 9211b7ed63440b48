package report

import (
	"fmt"
	"time"

	"bluegate/deploy/model"
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
	Colour  model.Colour `json:"colour"`
	Release string       `json:"release"`
	At      *time.Time   `json:"at,omitempty"`
}

func (l *LastProven) Words() string {
	switch {
	case l == nil:
		return " (bluegate never made a colour live here)"
	case l.At == nil:
		return fmt.Sprintf(" (last proven: %s, release %s)", l.Colour, l.Release)
	}
	return fmt.Sprintf(" (last proven: %s, release %s, at %s)", l.Colour, l.Release, l.At.UTC().Format(time.RFC3339))
}
