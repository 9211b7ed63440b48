package model

import (
	"time"
)

// history is how many ended releases the journal remembers.
const history = 10

// Close ends the entry that is under way, and remembers how. It writes nothing.
func (j *Journal) Close(outcome Outcome) {
	past := HistoryEntry{Release: j.Current.Release, Colour: j.Current.To, Outcome: outcome, At: time.Now()}
	j.Past = append([]HistoryEntry{past}, j.Past...)
	j.Past = j.Past[:min(len(j.Past), history)]
	j.Current = nil
}

// JournalVersion is the layout of the journal. A journal of another version is refused, never reset.
const JournalVersion = 1

// Journal says what was under way, never what is true: that is asked of the engine and of nginx.
type Journal struct {
	Version int `json:"version"`
	// Application is which one it is of. Journals of older versions do not say it.
	Application *Identity      `json:"application,omitempty"`
	Current     *Entry         `json:"current,omitempty"`
	Past        []HistoryEntry `json:"past,omitempty"` // newest first
	// Releases were promoted, the newest first: the one that was made live last, the one that rollback goes back to, and
	// a few before them.
	Releases []ReleaseRecord `json:"releases,omitempty"`
	// Brought are the images that promoted releases brought and that are not pruned yet. One without a name is removed
	// only when it has none any more.
	Brought []PulledImage `json:"brought,omitempty"`
}

// Entry is a deployment under way. It is written before each mutation that it announces.
type Entry struct {
	Release string    `json:"release"`
	From    Colour    `json:"from"`
	To      Colour    `json:"to"`
	Phase   Phase     `json:"phase"`
	Began   time.Time `json:"began"`
	// Images are the tags as they stood before the pull, so that a failed release can give them back.
	Images []PulledImage `json:"images,omitempty"`
	Change *Change       `json:"change,omitempty"`
	// Step is a change over Change that is under way, in a canary and where nginx is told to log for longer. Which of the two
	// nginx has is asked. Journals of older versions do not have it.
	Step *Change `json:"step,omitempty"`
	// Adopted says that Change was planned again after the switch, over what someone else had edited since.
	Adopted bool `json:"adopted,omitempty"`
	// Bakes says that a release which nginx serves has not passed before its bake has.
	Bakes bool `json:"bakes,omitempty"`
	// Drill says that the release is a copy of the one that is live, which becomes live again in any case.
	Drill bool `json:"drill,omitempty"`
	// Keep is what becomes of the old colour, for a retirement that a later run finishes.
	Keep Keep `json:"keep"`
	// Old is the release that retires, with the restart policies that are taken away from its containers.
	Old *ReleaseRecord `json:"old,omitempty"`
	// Back is the release that a rollback goes back to, and Instead the one from which it does.
	Back    *ReleaseRecord `json:"back,omitempty"`
	Instead string         `json:"instead,omitempty"`
	// Awake says that the containers of Back had never been stopped, and Drains that they were about to be: old workers
	// may still answer from them.
	Awake  bool   `json:"awake,omitempty"`
	Drains bool   `json:"drains,omitempty"`
	By     string `json:"by,omitempty"` // user@host
	// Set are the variables that were given to this deployment alone.
	Set []string `json:"set,omitempty"`
	// Testers is the change that lets testers have the release, while it is or may be there. Journals of older versions do not
	// have it.
	Testers *Change `json:"let_in,omitempty"`
	// Preview is set from PhaseWaiting on. Journals of older versions do not have it.
	Preview *Preview `json:"preview,omitempty"`
}

// Phase is how far a deployment came. A phase is entered in the journal before its first mutation.
type Phase string

// The phases, in their order.
const (
	PhaseBegun     Phase = "begun"
	PhasePulling   Phase = "pulling"
	PhaseStarting  Phase = "starting"
	PhaseWaiting   Phase = "waiting" // it passed the gate and the checks, and waits to be promoted
	PhaseCanary    Phase = "canary"  // a share of the clients may have it
	PhaseSwitching Phase = "switching"
	PhaseBaking    Phase = "baking"   // proven; not yet promoted
	PhaseSwitched  Phase = "switched" // proven; only draining and stopping are left
)

// BeforeSwitch says that nothing of nginx can have been changed yet.
func (p Phase) BeforeSwitch() bool {
	return p == PhaseBegun || p == PhasePulling || p == PhaseStarting || p == PhaseWaiting
}

// HistoryEntry is a release that ended.
type HistoryEntry struct {
	Release string    `json:"release"`
	Colour  Colour    `json:"colour"`
	Outcome Outcome   `json:"outcome"`
	At      time.Time `json:"at"`
}

// Recallable are the releases that may come back.
func (j Journal) Recallable() (releases []string) {
	for _, rec := range j.Releases[:min(KeptReleases, len(j.Releases))] {
		releases = append(releases, rec.Release)
	}
	return releases
}
