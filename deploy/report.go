package deploy

import "time"

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

// Report is what a command says of itself, and the one object that --format json prints.
type Report struct {
	Command    string        `json:"command"`
	Outcome    Outcome       `json:"outcome"`
	ExitCode   int           `json:"exit_code"`
	Project    string        `json:"project"`
	Release    string        `json:"release,omitempty"`
	From       Colour        `json:"from"`
	To         Colour        `json:"to"`
	Live       Colour        `json:"live"`
	LiveBy     string        `json:"live_by,omitempty"` // how that was found out
	State      State         `json:"state,omitempty"`   // of status
	LastProven *LastProven   `json:"last_proven,omitempty"`
	DryRun     bool          `json:"dry_run"`
	Message    string        `json:"message,omitempty"`
	Run        string        `json:"run,omitempty"` // what a person is to run next
	Reasons    []Reason      `json:"reasons"`
	Findings   []Finding     `json:"findings"`
	Steps      []Step        `json:"steps"`
	Containers []Container   `json:"containers"`
	Checks     []CheckReport `json:"checks"`
	Hooks      []HookReport  `json:"hooks"`
	Plan       *PlanReport   `json:"plan,omitempty"`
	Rollback   *WayBack      `json:"rollback,omitempty"` // of status
	Names      *NamesReport  `json:"names,omitempty"`    // of status
	Switch     *Switched     `json:"switch"`
	Pruned     Pruned        `json:"pruned"`
	Images     []LiveImage   `json:"images"` // that went live
	Undo       *Undo         `json:"undo"`
}

// Step is one step of the way and how long it took. Latency is counted from the last healthy event.
type Step struct {
	Name    string `json:"name"`
	Status  string `json:"status"` // ok, failed, skipped
	MS      int64  `json:"ms"`
	Message string `json:"message,omitempty"`
}

// Pruned is what was removed from the engine.
type Pruned struct {
	Containers []string `json:"containers"`
	Images     []string `json:"images"`
	// Replaced are those of the containers that an earlier release had left in the place of this one; the new ones may have
	// their names.
	Replaced []string `json:"replaced"`
}

// Undo says what was undone, and whether that worked.
type Undo struct {
	Name   string `json:"name"` // abandon, rollback
	Status string `json:"status"`
	MS     int64  `json:"ms"`
	Error  string `json:"error,omitempty"`
}

// PlanReport is what a dry run says would happen.
type PlanReport struct {
	Pull     []string      `json:"pull"`
	Build    []string      `json:"build"`
	Create   []string      `json:"create"`
	Start    []string      `json:"start"`   // containers that were kept
	Replace  []string      `json:"replace"` // containers that are removed for the new ones
	Stop     []string      `json:"stop"`
	Points   []SwitchPoint `json:"points"`
	Diff     string        `json:"diff"`
	Services []Decision    `json:"services"`
	Checks   []string      `json:"checks"`
	Hooks    []string      `json:"hooks"`
	// BudgetMS is the time from the start of the containers after which the gate has decided, without gate.stable.
	BudgetMS int64 `json:"budget_ms"`
}

// WayBack is what `bluegate rollback` would go back to.
type WayBack struct {
	Refused    string          `json:"refused,omitempty"` // why it would not
	Release    string          `json:"release,omitempty"`
	Colour     Colour          `json:"colour,omitempty"`
	At         *time.Time      `json:"at,omitempty"` // when that was made live; nil: not known
	Containers []KeptContainer `json:"containers"`
}

// KeptContainer is one container of the release that would come back, and what the engine has of it.
type KeptContainer struct {
	Service string    `json:"service"`
	Name    string    `json:"name"`
	Image   string    `json:"image"`
	Digest  string    `json:"digest"`
	State   KeptState `json:"state"`
}

// KeptState says what a rollback would have to do for a container.
type KeptState string

// The states: it runs still; it was stopped; it was removed and would be made anew of what the engine holds; that is gone
// too.
const (
	KeptRunning KeptState = "running"
	KeptStopped KeptState = "stopped"
	KeptHeld    KeptState = "held"
	KeptGone    KeptState = "gone"
)

// Decision is when the gate decides on a service at the latest.
type Decision struct {
	Service     string `json:"service"`
	Image       string `json:"image"`
	Healthcheck string `json:"healthcheck"`
	LatestMS    int64  `json:"latest_ms"`
}

// NewReport has no nil slice: JSON readers find lists where the schema promises lists.
func NewReport(command string) *Report {
	return &Report{
		Command: command, Reasons: []Reason{}, Findings: []Finding{}, Steps: []Step{}, Containers: []Container{}, Checks: []CheckReport{}, Hooks: []HookReport{},
		Pruned: Pruned{Containers: []string{}, Images: []string{}, Replaced: []string{}}, Images: []LiveImage{},
	}
}

// Finish sets the outcome and its exit code.
func (r *Report) Finish(o Outcome) *Report {
	r.Outcome, r.ExitCode = o, o.ExitCode()
	return r
}

func (r *Report) step(name string, began time.Time, err error) {
	s := Step{Name: name, Status: "ok", MS: time.Since(began).Milliseconds()}
	if err != nil {
		s.Status, s.Message = "failed", err.Error()
	}
	r.Steps = append(r.Steps, s)
}
