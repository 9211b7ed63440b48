package deploy

// stage is how far a run came. It decides what has to be undone, and what the outcome is.
type stage int

// The stages, in their order. A run that took its switch back never comes further.
const (
	unlocked   stage = iota // it holds no lock, and changes nothing
	locked                  // it holds the project's lock
	changing                // something was changed that abandon has to undo
	waiting                 // the release runs and waits to be promoted: nothing is undone
	rolledBack              // workers had taken the release, and nginx was pointed back
	switched                // nginx provably serves the release, which can still lose
	promoted                // the release stays: nothing is undone any more
)
