package model

// Outcome is how a command ended, in one word.
type Outcome string

// The outcomes. docs/reasons.md is made from these comments.
const (
	// Promoted: The release is live: nginx provably serves it.
	Promoted Outcome = "promoted"
	// Started: The colour runs, and nothing served users before: nginx does not run, or was started with it.
	Started Outcome = "started"
	// Planned: A dry run: a deployment could begin.
	Planned Outcome = "planned"
	// Waiting: `deploy --until preview`: The release passed the gate and the checks, and runs next to the live colour without users, until `bluegate promote` or `bluegate abort`.
	Waiting Outcome = "waiting"
	// Settled: What an interrupted run left is finished or undone.
	Settled Outcome = "settled"
	// OK: The command did what it says.
	OK Outcome = "ok"
	// Failed: An internal error of bluegate.
	Failed Outcome = "error"
	// Malformed: Wrong usage or configuration. Nothing was changed.
	Malformed Outcome = "invalid"
	// Refused: The release did not pass. It was removed, and users never noticed.
	Refused Outcome = "refused"
	// NotHealthy: `health`: the colour is not healthy.
	NotHealthy Outcome = "unhealthy"
	// Lost: `drill`: requests of its load were lost. The colour that was live is live again.
	Lost Outcome = "lost"
	// RolledBack: The release failed after new workers served it. nginx provably serves the old colour again.
	RolledBack Outcome = "rolled-back"
	// NeedsPerson: The release is live but not cleaned up, or it cannot be proven what is live. Nothing that may serve was stopped. The report says what to run.
	NeedsPerson Outcome = "needs-a-person"
	// Locked: Another deployment holds the lock. The report says who, and since when.
	Locked Outcome = "locked"
	// Unreachable: The engine or nginx did not answer. Nothing was changed.
	Unreachable Outcome = "unreachable"
	// Interrupted: A signal ended the command. What was begun is undone; after a second Ctrl-C at a terminal, `bluegate settle` does the rest.
	Interrupted Outcome = "interrupted"
)

// ExitCode is the process's exit code for an outcome. Interrupted has none of its own: it is 128 plus the signal.
func (o Outcome) ExitCode() int {
	switch o {
	case Promoted, Started, Planned, Waiting, Settled, OK:
		return 0
	case Malformed:
		return 2
	case Refused, NotHealthy, Lost:
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
