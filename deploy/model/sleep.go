package model

import (
	"context"
	"time"
)

// Sleep waits. It returns the cause of ctx if that ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
