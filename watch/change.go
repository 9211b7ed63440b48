package watch

import (
	"time"

	"bluegate/watch/verdict"
)

// Verdict is what is known of a check; see package verdict.
type Verdict = verdict.Verdict

// The verdicts.
const (
	Unknown  = verdict.Unknown
	Healthy  = verdict.Healthy
	Degraded = verdict.Degraded
	Down     = verdict.Down
)

// Change is a verdict that changed.
type Change struct {
	ID      string    `json:"id"`      // unique, and sorts by time
	Subject string    `json:"subject"` // the name of a check
	From    Verdict   `json:"from"`
	To      Verdict   `json:"to"`
	At      time.Time `json:"at"` // when it was decided
	// Why is the evidence, without secrets and control characters.
	Why string `json:"why"`
	// Since is when what led to the change began: the first of the samples that decided it.
	Since time.Time `json:"since"`
}

// Incident is a time in which a check was degraded or down without interruption.
type Incident struct {
	Subject string    `json:"subject"`
	Worst   Verdict   `json:"worst"`
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended,omitzero"` // zero: it lasts
	Why     string    `json:"why"`            // of its beginning
}

// Lasted is how long an incident lasted, or has lasted until now.
func (i Incident) Lasted(now time.Time) time.Duration {
	if i.Ended.IsZero() {
		return now.Sub(i.Began)
	}
	return i.Ended.Sub(i.Began)
}

// Incidents makes incidents of changes, which are in the order of their time. The incidents are too, by their beginning.
func Incidents(changes []Change) []Incident {
	var all []Incident
	open := map[string]int{} // by subject, the index of its incident
	for _, c := range changes {
		at, lasts := open[c.Subject]
		switch bad := c.To == Degraded || c.To == Down; {
		case bad && !lasts:
			open[c.Subject] = len(all)
			all = append(all, Incident{Subject: c.Subject, Worst: c.To, Began: c.Since, Why: c.Why})
		case bad && c.To == Down:
			all[at].Worst = Down
		case c.To == Healthy && lasts:
			all[at].Ended = c.Since
			delete(open, c.Subject)
		}
	}
	return all
}
