package nginx

import (
	"context"
	"time"
)

// pollDrain is the pause between two looks at the leaving workers.
const pollDrain = 50 * time.Millisecond

// Drain implements deploy.Router. A leaving worker ends when the last connection that it has accepted is done, so its
// end is the proof that nothing is in flight on the old colour.
func (r *Router) Drain(ctx context.Context, left func(workers int)) error {
	for {
		s, err := r.processes(ctx, r.found.id())
		switch {
		case err == nil && len(s.leaving) == 0:
			return nil
		case err == nil:
			left(len(s.leaving))
		case ctx.Err() == nil && !r.stillRuns(ctx):
			return nil // its workers ended with it
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollDrain):
		}
	}
}

// stillRuns is true also when nobody answers: an nginx that cannot be asked may have workers that serve.
func (r *Router) stillRuns(ctx context.Context) bool {
	ctx, cancel := asking(ctx)
	defer cancel()
	info, err := r.engine.ContainerInspect(ctx, r.found.id())
	return err != nil || info.State.Running
}
