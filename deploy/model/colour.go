package model

import "fmt"

// Colour is a place in which a release can run, not an age: blue is not older than green.
type Colour string

// The two colours, and the absence of one.
const (
	None  Colour = ""
	Blue  Colour = "blue"
	Green Colour = "green"
)

// Colours lists both, in the order in which reports name them.
var Colours = [2]Colour{Blue, Green}

// Other is the other colour. The other of None is None.
func (c Colour) Other() Colour {
	switch c {
	case Blue:
		return Green
	case Green:
		return Blue
	}
	return None
}

// ParseColour accepts exactly "blue" and "green".
func ParseColour(s string) (Colour, error) {
	if c := Colour(s); c == Blue || c == Green {
		return c, nil
	}
	return None, fmt.Errorf("unknown colour %q: must be blue or green", s)
}
