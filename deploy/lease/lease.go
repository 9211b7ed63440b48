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

// Acquire takes a lock. While someone else holds it, Acquire waits for at most wait; waiting is called once, with who holds
// it.
func Acquire(ctx context.Context, store model.StateStore, name string, self model.Holder, wait time.Duration, waiting func(model.Holder)) (model.Lease, error) {
	said := false
	for began := time.Now(); ; {
		lease, err := store.Lock(ctx, name, self)
		if err == nil {
			return lease, nil
		}
		var locked *model.LockedError
		if !errors.As(err, &locked) || time.Since(began) >= wait {
			return nil, err
		}
		if !said {
			waiting(locked.Holder)
			said = true
		}
		if err := model.Sleep(ctx, poll); err != nil {
			return nil, err
		}
	}
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
