package model

import "time"

// Preview is what a release was when it passed the gate and the checks, and until when it waits to be promoted.
type Preview struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Passed is the release that passed: its model, and its containers except those of one-shot services.
	Passed ReleaseRecord `json:"passed"`
}

// Waits says that the entry's release waits to be promoted or aborted. Nothing is under way then. It can be asked of nil.
func (e *Entry) Waits() bool { return e != nil && e.Phase == PhaseWaiting && e.Preview != nil }

// Over says that the time of a release that waits has ended.
func (p *Preview) Over(now time.Time) bool { return !now.Before(p.Until) }
