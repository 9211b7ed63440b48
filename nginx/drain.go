package nginx

import (
	"context"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/mode"
)

// pollDrain is the pause between two looks at the leaving workers.
const pollDrain = 50 * time.Millisecond

// Drain implements model.Router. A leaving worker ends when the last connection that it has accepted is done, so its
// end is the proof that nothing is in flight on the old colour.
func (r *Router) Drain(ctx context.Context, old []model.Container, left func(model.DrainStatus)) error {
	if _, stay := r.mode.(mode.Flagged); stay {
		return r.quiet(ctx, old, left)
	}
	open := r.census(old)
	for {
		s, err := r.found.Processes(ctx)
		switch {
		case err == nil && len(s.ShuttingDown) == 0:
			return nil
		case err == nil:
			left(model.DrainStatus{Workers: len(s.ShuttingDown), Open: open.count(ctx)})
		case ctx.Err() == nil && !r.found.StillThere(ctx):
			return nil // its workers ended with it
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollDrain):
		}
	}
}
