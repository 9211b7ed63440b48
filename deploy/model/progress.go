package model

import "bluegate/deploy/gate"

// Progress is told how a command comes along. Its methods return at once and are called by one goroutine at a time.
type Progress interface {
	// Step says that a step of the way begins.
	Step(name string)
	// Say is a sentence for the person who watches.
	Say(format string, args ...any)
	// Gate shows what the gate says: how far each container is, and when it decides.
	Gate(v gate.Verdict)
}
