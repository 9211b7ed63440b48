package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
)

// engineBack is how long an engine that does not answer is waited for, where leaving things as they are would be worse.
const engineBack = time.Minute

// ensureServing makes sure that a colour can serve users before the other one is stopped, or after it was removed.
// After a restart of the engine neither colour may run. Then this one, which was the last good one, is started again,
// and the error asks for a person. An unhealthy colour is an error too, but while any colour runs nothing is started.
func (r *run) ensureServing(ctx context.Context, colour model.Colour) error {
	reasons, err := r.healthOf(ctx, colour)
	if err != nil || len(reasons) == 0 {
		return err
	}
	ailing := fmt.Errorf("%s, which nginx serves, is not healthy: %w", colour, &model.RefusedError{Reasons: reasons})
	if r.seen.Runs(colour) || r.seen.Runs(colour.Other()) {
		return ailing
	}
	r.Progress.Say("no colour runs any more: starting %s again", colour)
	letGo := func(ctx context.Context) error { return r.hold(ctx, model.None, colour) }
	if err := r.Archive.Revive(ctx, r.seen.Application.Project, r.seen.AsRun(colour), letGo); err != nil {
		r.judgeLive()
		return &endedError{error: fmt.Errorf("no colour runs, and %s could not be started again: %w", colour, errors.Join(ailing, err))}
	}
	return &endedError{again: true, error: fmt.Errorf("no colour ran any more, as after a restart of the engine: %s was started again (%w)", colour, ailing)}
}

// endedError says that for a moment no colour ran.
type endedError struct {
	error
	again bool // the colour was started again
}

func (e *endedError) Unwrap() error { return e.error }

// ensureOldServes is ensureServing for the colour that was live before, after a failed release was removed. Its
// containers may have ended during the run. change is what the run had made of nginx's files.
func (r *run) ensureOldServes(ctx context.Context, change model.Change) error {
	if r.plan.From == model.None {
		return nil
	}
	err := model.RetryWhileUnreachable(ctx, engineBack, func() error { return r.ensureServing(ctx, r.plan.From) })
	var ended *endedError
	switch {
	case !errors.As(err, &ended) && err != nil:
		r.note(model.Finding{Code: "live-not-well", Message: err.Error()})
		return nil
	case err != nil && ended.again && r.seen.Route.State == model.RouterRunning && !change.Empty():
		// Its containers may have other addresses now, and nginx looks names up when it loads them.
		return errors.Join(err, r.pointBack(ctx, change))
	}
	return err
}

// lostInRetirement is called with the error of a retirement. Where the engine did not answer it makes sure that the new
// colour serves. The error comes first.
func (r *run) lostInRetirement(ctx context.Context, cause error) error {
	if !model.Is[*model.UnreachableError](cause) {
		return cause
	}
	ctx, cancel := r.whileLocked(ctx, undoLimit)
	defer cancel()
	return errors.Join(cause, model.RetryWhileUnreachable(ctx, engineBack, func() error { return r.ensureServing(ctx, r.plan.Release.To) }))
}
