package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
)

// errDrain is the end of a drain's time while something is left.
var errDrain = errors.New("requests on the old colour have not ended")

// sayDrain is the pause between two words about what a drain waits for.
const sayDrain = 2 * time.Second

// drain waits for the old nginx workers. When its time is over the old colour is left running, unless the user chose
// otherwise.
func (r *run) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.Settings.DrainTimeout, errDrain)
	defer cancel()
	var left model.DrainStatus
	said := time.Now()
	err := r.Router.Drain(ctx, r.seen.Of(r.plan.From), func(l model.DrainStatus) {
		if left = l; time.Since(said) > sayDrain {
			said = time.Now()
			r.Progress.Say("draining %s: %s", r.seen.Route.Nginx, left)
		}
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil:
		return err
	case !errors.Is(context.Cause(ctx), errDrain):
		return context.Cause(ctx)
	}
	r.noteOpen(left)
	if r.Settings.DrainThenStop {
		r.note(model.Finding{Code: "cut", Message: fmt.Sprintf("%s still answered requests after %s; the old colour is stopped all the same (drain.then: stop)", left, r.Settings.DrainTimeout)})
		return nil
	}
	return &model.ManualActionError{
		Err: fmt.Errorf("%s is live, but after %s %w (%s; %s), so %s keeps running", r.plan.Release.To, r.Settings.DrainTimeout, errDrain, r.seen.Route.Nginx, left, r.plan.From),
		Run: "bluegate settle",
	}
}

// noteOpen names the connections that a drain was not long enough for.
func (r *run) noteOpen(left model.DrainStatus) {
	for _, o := range left.Open {
		r.note(model.Finding{Code: "still-open", Message: fmt.Sprintf("still open when the drain's time was over: %s; that is a stream, a websocket or a long request", o)})
	}
}
