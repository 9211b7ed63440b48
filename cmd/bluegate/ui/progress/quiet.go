package progress

import (
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// Quiet is the progress of --quiet. It shows nothing.
type Quiet struct{}

func (Quiet) About(model.Overview)                  {}
func (Quiet) Step(string)                           {}
func (Quiet) Say(string, ...any)                    {}
func (Quiet) Gate(gate.Verdict)                     {}
func (Quiet) Transfer(model.Transfer)               {}
func (Quiet) Draining(model.DrainStatus, time.Time) {}
