package deploy

import (
	"cmp"
	"context"
	"time"

	"bluegate/deploy/model"
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
	if err == nil && there { // else it was renamed, or moved
		return r.foreignJournal(theirs)
	}
	return err
}

// foreignJournal says how the two applications differ, and how to tell them apart.
func (r *run) foreignJournal(theirs model.Identity) error {
	ours := r.identity
	ours.Nginx = cmp.Or(r.seen.Route.Nginx, "no nginx")
	project := r.seen.Application.Project
	return model.Refuse(model.ForeignJournal, "the journal of project %s (container bluegate-journal-%s) is of another application (%s), and this one is: %s. If these are two, give this one a name of its own in bluegate.yml: project: %s-2. If it is the same one, run: docker rm bluegate-journal-%s, which forgets what rollback could go back to",
		project, project, theirs, ours, project, project)
}

// withIdentity is the journal with the application that it is of.
func (r *run) withIdentity(j model.Journal) model.Journal {
	own := r.identity
	if own.Nginx = r.seen.Route.Nginx; own.Nginx == "" && j.Application != nil {
		own.Nginx = j.Application.Nginx
	}
	j.Application = &own
	return j
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
	return r.unusable(ctx, r.Store.Write(ctx, r.seen.Application.Project, r.withIdentity(r.journal)))
}

// unusable marks an error of the lock or the journal before anything was changed as the engine's: its disk may be full.
// It says nothing about the release.
func (r *run) unusable(ctx context.Context, err error) error {
	if err == nil || r.stage >= changing || ctx.Err() != nil || model.Is[*model.LockedError](err) || model.Is[*model.UnreachableError](err) {
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
	err := r.Store.Write(ctx, r.seen.Application.Project, r.withIdentity(closed))
	if err == nil { // what could not be written is tried again
		r.journal = closed
	}
	return err
}
