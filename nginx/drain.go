package nginx

import (
	"context"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/mode"
)

// pollDrain is the pause between two looks at the leaving workers.
const pollDrain = 50 * time.Millisecond

// Drain implements model.Nginx. A leaving worker ends when the last connection that it has accepted is done, so its
// end is the proof that nothing is in flight on the old colour.
func (n *observed) Drain(ctx context.Context, old []model.Container, left func(model.DrainStatus)) error {
	if err := n.there(); err != nil {
		return err
	}
	if _, stay := n.mode.(mode.Flagged); stay {
		return n.quiet(ctx, old, left)
	}
	open := n.census(old)
	for {
		s, err := n.found.Processes(ctx)
		switch {
		case err == nil && len(s.ShuttingDown) == 0:
			return nil
		case err == nil:
			left(model.DrainStatus{Workers: len(s.ShuttingDown), Open: open.count(ctx)})
		case ctx.Err() == nil && !n.found.StillThere(ctx):
			return nil // its workers ended with it
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollDrain):
		}
	}
}
