package model

import (
	"time"

	"bluegate/deploy/gate"
)

// Progress is told how a command comes along. Its methods return at once, and may be called by several goroutines.
type Progress interface {
	// About says what the command is about. It is repeated when more is known.
	About(o Overview)
	// Step says that a step of the way begins.
	Step(name string)
	// Say is a sentence for the person who watches.
	Say(format string, args ...any)
	// Gate shows what the gate says: how far each container is, and when it decides.
	Gate(v gate.Verdict)
	// Transfer shows how far an image is that is pulled or built.
	Transfer(t Transfer)
	// Draining shows what a drain waits for, and when its time is over.
	Draining(left DrainStatus, until time.Time)
}

// Overview is what a command is about, as far as it is known.
type Overview struct {
	Command  string
	Project  string
	Release  string
	Nginx    string
	Live     Colour // that users are on; None: not known
	From, To Colour
	Versions map[Colour]string // as Version words them
	Services int               // of the release
	Looks    bool              // nothing is changed
	Ahead    []string          // the steps that do something, in their order
	Stable   time.Duration     // how long all have to be healthy
	Bake     time.Duration
	Keep     Keep // what becomes of the old colour
}

// Transfer is how far an image is that is pulled or built.
type Transfer struct {
	Image string
	Build bool // it is built; otherwise it is pulled
	// Done and Total are bytes of a pull, and steps of a build. Total is 0 while it is not known, and grows while a pull
	// learns of more layers.
	Done, Total int64
	Words       string // the step of a build; it is text of the build, sanitized
	Ended       bool
}
