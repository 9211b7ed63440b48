package progress

import (
	"context"
	"time"
)

// beatEvery calls look four times in each pause, until ctx ends: often enough to see that nothing was written for so
// long.
func beatEvery(ctx context.Context, pause time.Duration, look func()) {
	ticker := time.NewTicker(pause / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			look()
		}
	}
}
