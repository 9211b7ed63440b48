package engine

import (
	"context"
	"errors"
	"time"

	"bluegate/deploy/model"
)

// The interval of pings during a long request, and how long the engine may not answer them.
const (
	pulseEvery = 2 * time.Second
	pulseLimit = 20 * time.Second
)

// Watched returns a context that ends when the engine has not responded to pings for some time. Pulling and creating
// may take long, so a deadline cannot tell a slow engine from one that hangs; a ping can.
func (e *Engine) Watched(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		last := time.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pulseEvery):
			}
			err := e.pingUntilSilent(ctx)
			switch {
			case err == nil:
				last = time.Now()
			case ctx.Err() == nil && time.Since(last) > pulseLimit:
				cancel(&model.UnreachableError{What: "the engine at " + e.Endpoint, Err: err})
				return
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

func (e *Engine) pingUntilSilent(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pulseLimit/2)
	defer cancel()
	_, err := e.Ping(ctx)
	return err
}

// SilenceError returns the reason for which Watched ended a context, otherwise err: "context canceled" does not say
// why.
func SilenceError(ctx context.Context, err error) error {
	var silent *model.UnreachableError
	if err != nil && errors.As(context.Cause(ctx), &silent) {
		return silent
	}
	return err
}
