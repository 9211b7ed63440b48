package model

// Outcome is how a command ended, in one word.
type Outcome string

// The outcomes.
const (
	Promoted    Outcome = "promoted"
	Started     Outcome = "started"
	Planned     Outcome = "planned"
	Settled     Outcome = "settled"
	OK          Outcome = "ok"
	Failed      Outcome = "error"
	Malformed   Outcome = "invalid"
	Refused     Outcome = "refused"
	NotHealthy  Outcome = "unhealthy"
	RolledBack  Outcome = "rolled-back"
	NeedsPerson Outcome = "needs-a-person"
	Locked      Outcome = "locked"
	Unreachable Outcome = "unreachable"
	Interrupted Outcome = "interrupted"
)

// ExitCode is the process's exit code for an outcome. Interrupted has none of its own: it is 128 plus the signal.
func (o Outcome) ExitCode() int {
	switch o {
	case Promoted, Started, Planned, Settled, OK:
		return 0
	case Malformed:
		return 2
	case Refused, NotHealthy:
		return 3
	case RolledBack:
		return 4
	case NeedsPerson:
		return 5
	case Locked:
		return 6
	case Unreachable:
		return 7
	}
	return 1
}
