package model

import (
	"context"
	"slices"
	"time"

	"bluegate/deploy/judge"
)

// HistoryStore keeps on the engine how releases ended, where every client of the engine reads it. Nothing is decided by
// what it holds.
type HistoryStore interface {
	// History returns what was kept of a project, the newest first; nil: nothing was. A history that is damaged is an
	// error, and the next Remember replaces it.
	History(ctx context.Context, project string) ([]HistoryRecord, error)

	// Remember adds a record, and removes the oldest ones from HistoryLength on. The project's lock must be held.
	Remember(ctx context.Context, project string, rec HistoryRecord) error
}

// HistoryLength is how many records a history has at most.
const HistoryLength = 100

// A record's texts and lists are cut, so that the history stays small: it is written as a whole.
const (
	historyText    = 500 // bytes
	historyReasons = 5
)

// HistoryRecord is one deployment, rollback or settling that ended. It holds no log lines and no secret.
type HistoryRecord struct {
	Release  string  `json:"release"` // empty: the run ended before it was about one
	Command  string  `json:"command"` // deploy, rollback, settle
	From     Colour  `json:"from"`
	To       Colour  `json:"to"`
	Live     Colour  `json:"live"` // afterwards; empty: it could not be proven
	Outcome  Outcome `json:"outcome"`
	ExitCode int     `json:"exit_code"`
	Message  string  `json:"message,omitempty"`
	// Reasons are those of a refusal, without log lines.
	Reasons []Reason       `json:"reasons"`
	Images  []HistoryImage `json:"images"`
	// Steps are those of the run, in their order. Records of older versions have none.
	Steps []HistoryStep `json:"steps,omitempty"`
	// Verdicts are those by the requests of users. Records of older versions have none.
	Verdicts []judge.Verdict `json:"verdicts,omitempty"`
	// Set are the variables that were given for this deployment alone, as NAME=VALUE.
	Set        []string  `json:"set,omitempty"`
	By         string    `json:"by"` // user@host
	Began      time.Time `json:"began"`
	Ended      time.Time `json:"ended"`
	DurationMS int64     `json:"duration_ms"`
	// Application is which one the record is of: two applications may have had the same project name.
	Application *Identity `json:"application,omitempty"`
}

// HistoryImage is what a release ran, or would have run, of a service.
type HistoryImage struct {
	Service string `json:"service"`
	Image   string `json:"image"`            // as the Compose file calls it
	Digest  string `json:"digest,omitempty"` // the image's id; empty: it was not on the engine yet
}

// HistoryStep is how long one step took, and how it ended.
type HistoryStep struct {
	Name   string `json:"name"`
	Status string `json:"status"` // ok, failed, skipped
	MS     int64  `json:"ms"`
}

// Of says whether a record is of an application. What is not known of either is no difference.
func (rec HistoryRecord) Of(app Identity) bool {
	return rec.Application == nil || rec.Application.Common(app)
}

// Cut is the record as it is kept: long texts end early, and log lines are left out.
func (rec HistoryRecord) Cut() HistoryRecord {
	rec.Message = cut(rec.Message)
	rec.Reasons = slices.Clone(rec.Reasons[:min(len(rec.Reasons), historyReasons)])
	for i, r := range rec.Reasons {
		rec.Reasons[i].Message, rec.Reasons[i].LastProbe, rec.Reasons[i].LogTail = cut(r.Message), cut(r.LastProbe), nil
	}
	return rec
}

func cut(text string) string {
	if len(text) <= historyText {
		return text
	}
	at := historyText
	for at > 0 && text[at]&0xC0 == 0x80 { // inside a rune
		at--
	}
	return text[:at] + " […]"
}

// HistoryOf are the records of an application. The order stays.
func HistoryOf(records []HistoryRecord, app Identity) []HistoryRecord {
	own := []HistoryRecord{}
	for _, rec := range records {
		if rec.Of(app) {
			own = append(own, rec)
		}
	}
	return own
}
