package model

import "time"

// Preview is what a release was when it passed the gate and the checks, and until when it waits to be promoted.
type Preview struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Passed is the release that passed: its model, and its containers except those of one-shot services.
	Passed ReleaseRecord `json:"passed"`
	// Testers get it through nginx; nil: nobody does.
	Testers *Testers `json:"testers,omitempty"`
}

// Testers are people who get a release before users do, through nginx, by a secret in a header or in a cookie: its names.
type Testers struct {
	Header string `json:"header,omitempty"`
	Cookie string `json:"cookie,omitempty"`
}

func (t Testers) String() string {
	switch {
	case t.Cookie == "":
		return "the header " + t.Header
	case t.Header == "":
		return "the cookie " + t.Cookie
	}
	return "the header " + t.Header + " or the cookie " + t.Cookie
}

// Waits says that the entry's release waits to be promoted or aborted. Nothing is under way then. It can be asked of nil.
func (e *Entry) Waits() bool { return e != nil && e.Phase == PhaseWaiting && e.Preview != nil }

// Over says that the time of a release that waits has ended.
func (p *Preview) Over(now time.Time) bool { return !now.Before(p.Until) }
