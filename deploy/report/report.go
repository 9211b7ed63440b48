// Package report is what a command says of itself when it has ended: the one object that --format json prints.
package report

import (
	"slices"
	"time"

	"bluegate/deploy/judge"
	"bluegate/deploy/model"
)

// Report is what a command says of itself, and the one object that --format json prints.
type Report struct {
	Command  string        `json:"command"`
	Outcome  model.Outcome `json:"outcome"`
	ExitCode int           `json:"exit_code"`
	Project  string        `json:"project"`
	Release  string        `json:"release,omitempty"`
	From     model.Colour  `json:"from"`
	To       model.Colour  `json:"to"`
	Live     model.Colour  `json:"live"`
	LiveBy   string        `json:"live_by,omitempty"` // how that was found out
	// Versions is what people call the images of each colour, as far as they are known: see model.Version.
	Versions   map[model.Colour]string `json:"versions,omitempty"`
	State      State                   `json:"state,omitempty"` // of status
	LastProven *LastProven             `json:"last_proven,omitempty"`
	DryRun     bool                    `json:"dry_run"`
	Message    string                  `json:"message,omitempty"`
	Run        string                  `json:"run,omitempty"` // what a person is to run next
	Reasons    []model.Reason          `json:"reasons"`
	Findings   []model.Finding         `json:"findings"`
	Steps      []Step                  `json:"steps"`
	Containers []model.Container       `json:"containers"`
	Checks     []Check                 `json:"checks"`
	Verdicts   []judge.Verdict         `json:"verdicts"`         // by the requests of users
	Canary     *model.CanaryShare      `json:"canary,omitempty"` // of status: the share of the clients that the other colour has
	Hooks      []Hook                  `json:"hooks"`
	Plan       *Plan                   `json:"plan,omitempty"`
	Rollback   *RollbackTarget         `json:"rollback,omitempty"` // of status
	Names      *model.NamesReport      `json:"names,omitempty"`    // of status
	Preview    *Preview                `json:"preview,omitempty"`  // that waits to be promoted
	Switch     *model.Switched         `json:"switch"`
	Drill      *Drill                  `json:"drill,omitempty"` // of drill
	Pruned     Pruned                  `json:"pruned"`
	Images     []LiveImage             `json:"images"` // that went live
	Undo       *Undo                   `json:"undo"`
	// ReleaseImages are those that the release has or would have had, as the Compose files name them and in their order,
	// each once. PreviousImages are those of the colour that was live before.
	ReleaseImages  []string `json:"release_images"`
	PreviousImages []string `json:"previous_images"`
	NginxDiff      string   `json:"nginx_diff,omitempty"` // the change that makes nginx serve the release
	DurationMS     int64    `json:"duration_ms"`          // of the command
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

// Plan is what a dry run says would happen.
type Plan struct {
	Pull     []string            `json:"pull"`
	Build    []string            `json:"build"`
	Create   []string            `json:"create"`
	Start    []string            `json:"start"`   // containers that were kept
	Replace  []string            `json:"replace"` // containers that are removed for the new ones
	Stop     []string            `json:"stop"`
	Points   []model.SwitchPoint `json:"points"`
	Diff     string              `json:"diff"`
	Services []Decision          `json:"services"`
	Checks   []string            `json:"checks"`
	Hooks    []string            `json:"hooks"`
	// BudgetMS is the time from the start of the containers after which the gate has decided, without gate.stable.
	BudgetMS int64 `json:"budget_ms"`
}

// RollbackTarget is what `bluegate rollback` would go back to.
type RollbackTarget struct {
	Refused    string          `json:"refused,omitempty"` // why it would not
	Release    string          `json:"release,omitempty"`
	Colour     model.Colour    `json:"colour,omitempty"`
	At         *time.Time      `json:"at,omitempty"`  // when that was made live; nil: not known
	Set        []string        `json:"set,omitempty"` // variables that were given to its deployment alone
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

// The states: it still runs; it was stopped; it was removed and would be recreated from what the engine holds; that is gone
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
		Command: command, Reasons: []model.Reason{}, Findings: []model.Finding{}, Steps: []Step{}, Containers: []model.Container{}, Checks: []Check{}, Verdicts: []judge.Verdict{}, Hooks: []Hook{},
		Pruned: Pruned{Containers: []string{}, Images: []string{}, Replaced: []string{}}, Images: []LiveImage{}, ReleaseImages: []string{}, PreviousImages: []string{},
	}
}

// Finish sets the outcome and its exit code.
func (r *Report) Finish(o model.Outcome) *Report {
	r.Outcome, r.ExitCode = o, o.ExitCode()
	return r
}

func (r *Report) AddStep(name string, began time.Time, err error) {
	s := Step{Name: name, Status: "ok", MS: time.Since(began).Milliseconds()}
	if err != nil {
		s.Status, s.Message = "failed", err.Error()
	}
	r.Steps = append(r.Steps, s)
}

// Remember writes into a record of the history how the command ended, as the report says it.
func (r *Report) Remember(rec *model.HistoryRecord) {
	rec.Message, rec.Outcome, rec.ExitCode, rec.Reasons = r.Message, r.Outcome, r.ExitCode, r.Reasons
	rec.Live, rec.Verdicts = r.Live, r.Verdicts
	for _, s := range r.Steps {
		rec.Steps = append(rec.Steps, model.HistoryStep{Name: s.Name, Status: s.Status, MS: s.MS})
	}
}

// Withdraw takes findings out of which better ones say the same: those of the same code and place.
func (r *Report) Withdraw(better []model.Finding) {
	r.Findings = slices.DeleteFunc(r.Findings, func(f model.Finding) bool {
		return slices.ContainsFunc(better, func(b model.Finding) bool { return b.Code == f.Code && b.Place == f.Place })
	})
}
