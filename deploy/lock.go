package deploy

import (
	"context"
	"time"

	"bluegate/deploy/lease"
	"bluegate/deploy/model"
)

// switchWait is how long a switch waits for another project's switch of the same nginx. That takes seconds.
const switchWait = 2 * time.Minute

// lock takes the project's lock and reads the journal. When the lock is lost, the run's context ends.
func (r *run) lock(ctx context.Context, lost context.CancelCauseFunc) error {
	held, err := r.acquire(ctx, r.seen.Application.Project, r.Settings.WaitLock)
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

// throughNginx calls do while it holds nginx's lock, so that no other project switches the same nginx. The context ends
// when the lock is lost.
func (r *run) throughNginx(ctx context.Context, id string, do func(context.Context) error) error {
	held, err := r.lockNginx(ctx, id)
	if err != nil {
		return err
	}
	defer r.unlockNginx(ctx, held)
	ctx, cancel := lease.Holding(ctx, held)
	defer cancel()
	return do(ctx)
}

func (r *run) lockNginx(ctx context.Context, id string) (model.Lease, error) {
	return r.acquire(ctx, "nginx-"+id[:min(len(id), 12)], switchWait)
}

func (r *run) unlockNginx(ctx context.Context, held model.Lease) {
	r.noteUnreleased(held.Release(context.WithoutCancel(ctx)))
}

// whileLocked is a context that continues when the run is interrupted, and ends before another client may take the
// project's lock.
func (r *run) whileLocked(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return lease.Outliving(ctx, r.lease, limit)
}

// acquire takes a lock. While someone else holds it, acquire waits for at most wait.
func (r *run) acquire(ctx context.Context, name string, wait time.Duration) (model.Lease, error) {
	return lease.Acquire(ctx, r.Store, name, r.Self(r.command, r.plan.Release.ID), wait, func(holder model.Holder) {
		r.Progress.Say("waiting for the lock %s, held by %s", name, holder)
	})
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

func (r *run) noteUnreleased(err error) {
	if err != nil {
		r.note(model.Finding{Code: "not-unlocked", Message: "the lock was not released, and expires by itself: " + err.Error()})
	}
}
