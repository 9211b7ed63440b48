package engine

import (
	"context"
	"errors"
	"time"

	"bluegate/deploy/model"
)

// How often an engine is asked for a sign of life while it does something long, and how long it may be silent.
const (
	pulseEvery = 2 * time.Second
	pulseLimit = 20 * time.Second
)

// Watched returns a context that ends when the engine has given no sign of life for a while. Pulling and creating may take
// long, so that no deadline of their own would tell a slow engine from one that stands still; a ping takes no time on
// the one and for ever on the other.
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

// SilenceError prefers the reason for which alive ended a context to what came of that: "context canceled" does not say why.
func SilenceError(ctx context.Context, err error) error {
	var silent *model.UnreachableError
	if err != nil && errors.As(context.Cause(ctx), &silent) {
		return silent
	}
	return err
}
