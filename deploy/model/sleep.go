package model

import (
	"context"
	"time"
)

// Sleep waits. If ctx ends first, it returns its cause at once: a signal, or a lock that was lost.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// RetryWhileUnreachable repeats something while the engine or nginx cannot be asked, for at most limit. It returns the last
// error.
func RetryWhileUnreachable(ctx context.Context, limit time.Duration, do func() error) error {
	for until := time.Now().Add(limit); ; {
		err := do()
		if !Is[*UnreachableError](err) || ctx.Err() != nil || time.Now().After(until) {
			return err
		}
		_ = Sleep(ctx, time.Second)
	}
}
