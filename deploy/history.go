package deploy

import (
	"context"
	"slices"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/stage"
)

// rememberLimit is the longest time that writing the history may take. Nothing depends on it.
const rememberLimit = 10 * time.Second

// remember adds the run to the history, as its report says that it ended. What is remembered is read by others, so a
// run that has no lock, or that was called with wrong settings, writes nothing, and so does one that was refused because
// the journal is of another application.
func (r *run) remember(ctx context.Context, err error) {
	foreign := slices.ContainsFunc(model.ReasonsOf(err), func(why model.Reason) bool { return why.Code == model.ForeignJournal })
	if r.report.Outcome == model.Malformed || foreign {
		return
	}
	rec := r.historyRecord()
	r.report.Remember(&rec)
	rec.Images = r.plan.HistoryImages(r.report.Images, r.stage >= stage.Changing)
	r.writeHistory(ctx, rec)
}

// rememberSettled adds the release that an earlier run left, and that was settled.
func (r *run) rememberSettled(ctx context.Context, e *model.Entry, images []model.HistoryImage, said string) {
	rec := r.historyRecord()
	rec.From, rec.By, rec.Began, rec.Set = e.From, e.By, e.Began, e.Set
	rec.Message, rec.Outcome, rec.Images, rec.Live = said, model.Settled, images, r.seen.Served()
	r.writeHistory(ctx, rec)
}

// historyRecord is what every record of the run has.
func (r *run) historyRecord() model.HistoryRecord {
	rec, self := r.plan.HistoryRecord(r.seen, r.Settings), r.Self(r.command, r.plan.Release.ID)
	rec.Command, rec.By, rec.Began = r.command, self.User+"@"+self.Host, r.began
	rec.Application = r.journal.OfApplication(r.identity, r.seen.Route, r.node).Application
	if e := r.journal.Current; rec.Release == "" && e != nil { // settling it failed
		rec.Release, rec.From, rec.To = e.Release, e.From, e.To
	}
	return rec
}

// writeHistory writes a record while the lock is held. If that fails, the report has a finding.
func (r *run) writeHistory(ctx context.Context, rec model.HistoryRecord) {
	if r.lease == nil {
		return
	}
	select {
	case <-r.lease.Lost():
		return
	default:
	}
	ctx, cancel := r.whileLocked(ctx, rememberLimit)
	defer cancel()
	rec.Ended = time.Now()
	rec.DurationMS = rec.Ended.Sub(rec.Began).Milliseconds()
	if err := r.History.Remember(ctx, r.seen.Application.Project, rec.Cut()); err != nil {
		r.note(model.Finding{Code: "not-remembered", Message: "the history does not have this release: " + err.Error()})
	}
}
