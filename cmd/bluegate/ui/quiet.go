package ui

import "bluegate/deploy/gate"

// Quiet is the progress of --quiet. It shows nothing.
type Quiet struct{}

func (Quiet) Step(string)        {}
func (Quiet) Say(string, ...any) {}
func (Quiet) Gate(gate.Verdict)  {}
