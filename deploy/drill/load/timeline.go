package load

import (
	"fmt"
	"time"
)

// Settle is how long one colour must be alone on new connections for a change to be over. A reload mixes both
// colours for about 100 ms; what comes back after more than this is a change of its own.
const Settle = 300 * time.Millisecond

// Change is one passage from a colour to another, as users with new connections saw it. Its times are those at
// which requests were started: a long request is answered by the colour that it began with, long after the switch,
// and that is as it should be.
//
// From equals To when another colour answered for less than Settle and the first came back.
type Change struct {
	From, To string
	First    time.Time // the first request that was not answered by From any more
	Last     time.Time // the last one that was not answered by To yet
}

// Window is how long both colours answered. It is 0 when they did not mix.
func (c Change) Window() time.Duration { return max(0, c.Last.Sub(c.First)) }

func (c Change) String() string {
	return fmt.Sprintf("%s %s → %s, mixed for %s", c.First.Format("15:04:05.000"), c.From, c.To,
		c.Window().Round(time.Millisecond))
}

// tellsColour reports whether a request belongs on the timeline. A connection that was open before the switch may
// well bring one more answer of the old colour.
func (r Request) tellsColour() bool { return !r.Failed() && !r.Reused }

// Changes returns the changes of colour on new connections, of all upstreams together: they are to switch at once.
func (r Record) Changes() []Change {
	var changes []Change
	var last Request     // the latest answer
	var turned time.Time // when it last differed from the one before
	for _, request := range r.Requests {
		if !request.tellsColour() {
			continue
		}
		if last.Colour != "" && request.Colour != last.Colour {
			if n := len(changes); n > 0 && request.Start.Sub(turned) < Settle {
				changes[n-1].To, changes[n-1].Last = request.Colour, last.Start
			} else {
				changes = append(changes, Change{last.Colour, request.Colour, request.Start, last.Start})
			}
			turned = request.Start
		}
		last = request
	}
	return changes
}

// Colours returns the colours that answered on new connections, one after the other: [blue green] after a
// deployment, [blue green blue] after one that was rolled back, [blue] after one that was refused.
func (r Record) Colours() []string {
	for _, request := range r.Requests {
		if !request.tellsColour() {
			continue
		}
		colours := []string{request.Colour}
		for _, change := range r.Changes() {
			colours = append(colours, change.To)
		}
		return colours
	}
	return nil
}
