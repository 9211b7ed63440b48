package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
)

// errDrain says that a drain's time is over and requests are left.
var errDrain = errors.New("requests on the old colour have not ended")

// drain waits for the old nginx workers. If its time ends first, the old colour is left running, unless the user chose
// otherwise.
func (r *run) drain(ctx context.Context) error {
	until := time.Now().Add(r.Settings.DrainTimeout)
	left, err := r.drainWithin(ctx, r.Settings.DrainTimeout, r.seen.Of(r.plan.From), func(left model.DrainStatus) {
		r.Progress.Draining(left, until)
	})
	if !errors.Is(err, errDrain) {
		return err
	}
	r.note(left.StillOpen()...)
	if r.Settings.DrainThenStop {
		r.note(model.Finding{Code: "cut", Message: fmt.Sprintf("%s still answered requests after %s; the old colour is stopped anyway (drain.then: stop)", left, r.Settings.DrainTimeout)})
		return nil
	}
	return &model.ManualActionError{
		Err: fmt.Errorf("%s is live, but after %s %w (%s; %s), so %s keeps running", r.plan.Release.To, r.Settings.DrainTimeout, errDrain, r.seen.Route.Nginx, left, r.plan.From),
		Run: "bluegate settle",
	}
}

// drainWithin waits until nothing is open to containers. If the limit ends first, the error is errDrain.
func (r *run) drainWithin(ctx context.Context, limit time.Duration, containers []model.Container, say func(model.DrainStatus)) (left model.DrainStatus, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errDrain)
	defer cancel()
	err = r.nginx.Drain(ctx, containers, func(now model.DrainStatus) {
		left = now
		say(now)
	})
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return left, err
}
