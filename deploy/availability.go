package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
)

// engineBack is how long an engine that went away is waited for, where leaving things as they are would be worse.
const engineBack = time.Minute

// retryWhileUnreachable does something that may be repeated, again and again while the engine cannot be asked.
func retryWhileUnreachable(ctx context.Context, do func() error) error {
	for until := time.Now().Add(engineBack); ; {
		err := do()
		var silent *model.UnreachableError
		if !errors.As(err, &silent) || ctx.Err() != nil || time.Now().After(until) {
			return err
		}
		_ = sleep(ctx, time.Second)
	}
}

// ensureServing makes sure that users are served by a colour before the other one is stopped, or once it was taken away.
// After a restart of the engine neither may run: then this one, the last that was good, is started again, and a person
// looks at it. That it is not well while either runs is no reason to touch them.
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
	if err := r.Stack.Revive(ctx, r.seen.Application.Project, r.recordAsRun(colour)); err != nil {
		r.judgeLive()
		return &endedError{error: fmt.Errorf("no colour runs, and %s could not be started again: %w", colour, errors.Join(ailing, err))}
	}
	return &endedError{again: true, error: fmt.Errorf("no colour ran any more, as after a restart of the engine: %s was started again (%w)", colour, ailing)}
}

// endedError says that users met a moment without any colour.
type endedError struct {
	error
	again bool // the colour was started again
}

func (e *endedError) Unwrap() error { return e.error }

// ensureOldServes looks after the users once a release was taken away that did not pass: the colour that they stayed on may
// have ended meanwhile.
func (r *run) ensureOldServes(ctx context.Context) error {
	if r.plan.From == model.None {
		return nil
	}
	err := retryWhileUnreachable(ctx, func() error { return r.ensureServing(ctx, r.plan.From) })
	var ended *endedError
	switch {
	case !errors.As(err, &ended) && err != nil:
		r.note(model.Finding{Code: "live-not-well", Message: err.Error()})
		return nil
	case err != nil && ended.again && r.seen.Route.State == model.RouterRunning && !r.plan.Change.Empty():
		// Its containers may have other addresses now, and nginx looks names up when it loads them.
		return errors.Join(err, r.pointBack(ctx, r.plan.Change))
	}
	return err
}

// recordAsRun is a colour's release as its containers are.
func (r *run) recordAsRun(colour model.Colour) model.ReleaseRecord {
	rec := model.ReleaseRecord{Colour: colour, Model: r.seen.Application.Models[colour].AsRun(r.seen.Of(colour))}
	for _, c := range r.seen.Of(colour) {
		if _, own := rec.Model.Service(c.Service); own {
			rec.Release = c.Release
			rec.Kept = append(rec.Kept, model.RetainedContainer{Service: c.Service, Name: c.Name, ID: c.ID, Image: c.Image, Digest: c.Digest, Policy: c.RestartPol})
		}
	}
	return rec
}

// lostInRetirement looks after the users when the engine went away while the old colour was retired. The error that led
// here comes first.
func (r *run) lostInRetirement(ctx context.Context, cause error) error {
	var silent *model.UnreachableError
	if !errors.As(cause, &silent) {
		return cause
	}
	ctx, cancel := r.whileLocked(ctx, undoLimit)
	defer cancel()
	return errors.Join(cause, retryWhileUnreachable(ctx, func() error { return r.ensureServing(ctx, r.plan.Release.To) }))
}
