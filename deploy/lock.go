package deploy

import (
	"context"
	"time"

	"bluegate/deploy/lease"
	"bluegate/deploy/model"
)

// lock takes the project's lock and reads the journal. When the lock is lost, the run's context ends.
func (r *run) lock(ctx context.Context, lost context.CancelCauseFunc) error {
	held, err := r.locks().Take(ctx, r.seen.Application.Project, r.Settings.WaitLock)
	if err != nil {
		return r.unusable(ctx, err)
	}
	r.lease = held
	lease.WhenLost(ctx, held, func() { lost(lease.Loss(held)) })
	if r.journal, err = r.Store.Read(ctx, r.seen.Application.Project); err != nil {
		return err
	}
	return r.ownJournal(ctx)
}

// locks takes this command's locks.
func (r *run) locks() lease.Locks {
	return lease.Locks{Store: r.Store, Self: r.Self(r.command, r.plan.Release.ID), Waiting: func(lock string, holder model.Holder) {
		r.Progress.Say("waiting for the lock %s, held by %s", lock, holder)
	}}
}

// throughNginx calls do while it holds nginx's lock, so that no other project switches the same nginx. The context ends
// when the lock is lost.
func (r *run) throughNginx(ctx context.Context, id string, do func(context.Context) error) error {
	unreleased, err := r.locks().Nginx(ctx, id, do)
	r.noteUnreleased(unreleased)
	return err
}

// whileLocked is a context that continues when the run is interrupted, and ends before another client may take the
// project's lock.
func (r *run) whileLocked(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return lease.Outliving(ctx, r.lease, limit)
}

// unlock removes the helper containers and gives the project's lock back.
func (r *run) unlock(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := r.Router.Close(ctx); err != nil {
		r.note(model.Finding{Code: "not-cleaned", Message: "the helper container of nginx was not removed: " + err.Error()})
	}
	if err := r.Checks.Close(ctx); err != nil {
		r.note(model.Finding{Code: "not-cleaned", Message: "a helper container of the application was not removed: " + err.Error()})
	}
	if r.lease != nil {
		r.noteUnreleased(r.lease.Release(ctx))
		r.lease = nil
	}
}

// noteUnreleased adds a finding for a lock that could not be given back. It holds up others until it expires, and no longer.
func (r *run) noteUnreleased(err error) {
	if err != nil {
		r.note(model.Finding{Code: "not-unlocked", Message: "the lock was not released, and expires by itself: " + err.Error()})
	}
}
