// Package stage is how far a run came, and what its end is called by that.
package stage

// Stage is how far a run came. It decides what has to be undone, and what the outcome is.
type Stage int

// The stages, in their order. A run that took its switch back never comes further.
const (
	Unlocked   Stage = iota // it holds no lock, and changes nothing
	Locked                  // it holds the project's lock
	Changing                // something was changed that abandon has to undo
	Waiting                 // the release runs and waits to be promoted: nothing is undone
	RolledBack              // workers had taken the release, and nginx was pointed back
	Switched                // nginx provably serves the release, which can still lose
	Promoted                // the release stays: nothing is undone any more
)
