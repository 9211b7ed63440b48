package deploy

import (
	"context"
	"errors"
	"time"

	"bluegate/deploy/model"
)

// lockPoll is the pause between two tries for a lock.
const lockPoll = 500 * time.Millisecond

// switchWait is how long a switch waits for another project's switch of the same nginx. That takes seconds.
const switchWait = 2 * time.Minute

// lossOf is the cause of a context when a lease was lost. It is ErrLeaseLost, with the reason if that is known.
func lossOf(lease model.Lease) error {
	if why := lease.Why(); why != nil {
		return &lostError{why}
	}
	return model.ErrLeaseLost
}

// lostError is ErrLeaseLost with a reason that is known.
type lostError struct{ why error }

func (e *lostError) Error() string        { return e.why.Error() + ": stopped acting" }
func (e *lostError) Is(target error) bool { return target == model.ErrLeaseLost }

// lock takes the project's lock and reads the journal. When the lock is lost, the run's context ends.
func (r *run) lock(ctx context.Context, lost context.CancelCauseFunc) error {
	lease, err := r.acquire(ctx, r.seen.Application.Project, r.Settings.WaitLock)
	if err != nil {
		return r.unusable(ctx, err)
	}
	r.lease = lease
	whenLost(ctx, lease, func() { lost(lossOf(lease)) })
	if r.journal, err = r.Store.Read(ctx, r.seen.Application.Project); err != nil {
		return err
	}
	return r.ownJournal(ctx)
}

// whenLost calls do when a lease is lost before ctx ends.
func whenLost(ctx context.Context, lease model.Lease, do func()) {
	go func() {
		select {
		case <-lease.Lost():
			do()
		case <-ctx.Done():
		}
	}()
}

// throughNginx calls do while it holds nginx's lock, so that no other project switches the same nginx. The context ends
// when the lock is lost.
func (r *run) throughNginx(ctx context.Context, id string, do func(context.Context) error) error {
	lease, err := r.lockNginx(ctx, id)
	if err != nil {
		return err
	}
	defer r.unlockNginx(ctx, lease)
	ctx, cancel := holding(ctx, lease)
	defer cancel()
	return do(ctx)
}

func (r *run) lockNginx(ctx context.Context, id string) (model.Lease, error) {
	return r.acquire(ctx, "nginx-"+id[:min(len(id), 12)], switchWait)
}

func (r *run) unlockNginx(ctx context.Context, lease model.Lease) {
	r.noteUnreleased(lease.Release(context.WithoutCancel(ctx)))
}

// holding is a context that ends when a lease is lost.
func holding(ctx context.Context, lease model.Lease) (context.Context, context.CancelFunc) {
	ctx, lost := context.WithCancelCause(ctx)
	select {
	case <-lease.Lost():
		lost(lossOf(lease))
	default:
		whenLost(ctx, lease, func() { lost(lossOf(lease)) })
	}
	return ctx, func() { lost(nil) }
}

// whileLocked is a context that continues when the run is interrupted, and ends before another client may take the
// project's lock.
func (r *run) whileLocked(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, lost := context.WithCancelCause(context.WithoutCancel(ctx))
	ctx, cancel := context.WithTimeout(ctx, limit)
	if lease := r.lease; lease != nil {
		whenLost(ctx, lease, func() {
			_ = sleep(ctx, time.Until(lease.Until()))
			lost(lossOf(lease))
		})
	}
	return ctx, func() { cancel(); lost(nil) }
}

// acquire takes a lock. While someone else holds it, acquire waits for at most wait.
func (r *run) acquire(ctx context.Context, name string, wait time.Duration) (model.Lease, error) {
	said := false
	for began := time.Now(); ; {
		lease, err := r.Store.Lock(ctx, name, r.Self(r.command, r.plan.Release.ID))
		if err == nil {
			return lease, nil
		}
		var locked *model.LockedError
		if !errors.As(err, &locked) || time.Since(began) >= wait {
			return nil, err
		}
		if !said {
			r.Progress.Say("waiting for the lock %s, held by %s", name, locked.Holder)
			said = true
		}
		if err := sleep(ctx, lockPoll); err != nil {
			return nil, err
		}
	}
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
