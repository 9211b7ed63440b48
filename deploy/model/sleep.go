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
