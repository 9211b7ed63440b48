package deploy

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/stage"
)

// ownJournal refuses a journal that another application of the same name has written: settling it would undo that
// application's releases, and pruning would remove its images. What is not known of either is no difference.
func (r *run) ownJournal(ctx context.Context) error {
	theirs := r.journal.Identity()
	if !theirs.Common(r.identity) {
		return r.foreignJournal(theirs)
	}
	if theirs.Nginx == "" || r.seen.Route.State == "" || theirs.Nginx == r.seen.Route.Nginx { // or it was not observed yet
		return nil
	}
	there, err := r.Router.Exists(ctx, theirs.Nginx)
	if missing := r.seen.Route.Missing; err == nil && there && missing != nil && theirs.Folder == r.identity.Folder {
		return &model.UnreachableError{What: "nginx", Err: fmt.Errorf("%s; the last deployment from this folder switched %s", missing, theirs.Nginx)}
	}
	if err == nil && there { // else it was renamed, or moved
		return r.foreignJournal(theirs)
	}
	return err
}

// foreignJournal says how the two applications differ, and how to tell them apart.
func (r *run) foreignJournal(theirs model.Identity) error {
	ours := r.identity
	ours.Nginx = cmp.Or(r.seen.Route.Nginx, "no nginx")
	return model.ForeignTo(r.seen.Application.Project, theirs, ours)
}

// enter writes a phase into the journal. It is called before the phase changes anything.
func (r *run) enter(ctx context.Context, phase model.Phase, fill func(*model.Entry)) error {
	if r.journal.Current == nil {
		self := r.Self(r.command, r.plan.Release.ID)
		r.journal.Current = &model.Entry{Release: r.plan.Release.ID, From: r.plan.From, To: r.plan.Release.To, Began: time.Now(), Keep: r.plan.Keep, Drill: r.plan.Drill, By: self.User + "@" + self.Host, Set: r.Settings.Set}
	}
	r.journal.Current.Phase = phase
	if fill != nil {
		fill(r.journal.Current)
	}
	return r.unusable(ctx, r.Store.Write(ctx, r.seen.Application.Project, r.journal.OfApplication(r.identity, r.seen.Route, r.node)))
}

// unusable marks an error of the lock or the journal before anything was changed as the engine's: its disk may be full.
// It says nothing about the release.
func (r *run) unusable(ctx context.Context, err error) error {
	if err == nil || r.stage >= stage.Changing || ctx.Err() != nil || model.Is[*model.LockedError](err) || model.Is[*model.UnreachableError](err) {
		return err
	}
	return &model.UnreachableError{What: "the engine", Err: err}
}

// closeEntry says in the journal that nothing is under way any more.
func (r *run) closeEntry(ctx context.Context, outcome model.Outcome) error {
	if r.journal.Current == nil {
		return nil
	}
	closed := r.journal
	closed.Close(outcome)
	err := r.Store.Write(ctx, r.seen.Application.Project, closed.OfApplication(r.identity, r.seen.Route, r.node))
	if err == nil { // what could not be written is tried again
		r.journal = closed
	}
	return err
}
