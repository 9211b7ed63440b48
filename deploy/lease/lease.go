// Package lease takes locks, and makes contexts that end when one is lost.
package lease

import (
	"context"
	"errors"
	"time"

	"bluegate/deploy/model"
)

// poll is the pause between two tries for a lock.
const poll = 500 * time.Millisecond

// switchWait is how long a switch waits for another project's switch of the same nginx. That takes seconds.
const switchWait = 2 * time.Minute

// Locks takes the locks of one command.
type Locks struct {
	Store model.StateStore
	Self  model.Holder
	// Waiting is called once for each lock that someone else holds.
	Waiting func(lock string, holder model.Holder)
}

// Take takes a lock. While someone else holds it, Take waits for at most wait; then the error is *model.LockedError.
func (l Locks) Take(ctx context.Context, name string, wait time.Duration) (model.Lease, error) {
	said := false
	for began := time.Now(); ; {
		lease, err := l.Store.Lock(ctx, name, l.Self)
		if err == nil {
			return lease, nil
		}
		var locked *model.LockedError
		if !errors.As(err, &locked) || time.Since(began) >= wait {
			return nil, err
		}
		if !said {
			l.Waiting(name, locked.Holder)
			said = true
		}
		if err := model.Sleep(ctx, poll); err != nil {
			return nil, err
		}
	}
}

// Nginx calls do while it holds an nginx's lock, so that no other project switches the same nginx. The context of do ends when
// the lock is lost. unreleased says that it was not given back; it expires by itself.
func (l Locks) Nginx(ctx context.Context, id string, do func(context.Context) error) (unreleased, err error) {
	held, err := l.Take(ctx, "nginx-"+id[:min(len(id), 12)], switchWait)
	if err != nil {
		return nil, err
	}
	defer func() { unreleased = held.Release(context.WithoutCancel(ctx)) }()
	holding, cancel := Holding(ctx, held)
	defer cancel()
	return nil, do(holding)
}

// Loss is the cause of a context when a lease was lost. It is model.ErrLeaseLost, with the reason if that is known.
func Loss(lease model.Lease) error {
	if why := lease.Why(); why != nil {
		return &lostError{why}
	}
	return model.ErrLeaseLost
}

// lostError is model.ErrLeaseLost with a reason that is known.
type lostError struct{ why error }

func (e *lostError) Error() string        { return e.why.Error() + ": stopped acting" }
func (e *lostError) Is(target error) bool { return target == model.ErrLeaseLost }

// WhenLost calls do when a lease is lost before ctx ends.
func WhenLost(ctx context.Context, lease model.Lease, do func()) {
	go func() {
		select {
		case <-lease.Lost():
			do()
		case <-ctx.Done():
		}
	}()
}

// Holding is a context that ends when a lease is lost.
func Holding(ctx context.Context, lease model.Lease) (context.Context, context.CancelFunc) {
	ctx, lost := context.WithCancelCause(ctx)
	select {
	case <-lease.Lost():
		lost(Loss(lease))
	default:
		WhenLost(ctx, lease, func() { lost(Loss(lease)) })
	}
	return ctx, func() { lost(nil) }
}

// Outliving is a context that continues when ctx ends, for at most limit, and ends before another client may take the
// lease, which may be nil.
func Outliving(ctx context.Context, lease model.Lease, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, lost := context.WithCancelCause(context.WithoutCancel(ctx))
	ctx, cancel := context.WithTimeout(ctx, limit)
	if lease != nil {
		WhenLost(ctx, lease, func() {
			_ = model.Sleep(ctx, time.Until(lease.Until()))
			lost(Loss(lease))
		})
	}
	return ctx, func() { cancel(); lost(nil) }
}
