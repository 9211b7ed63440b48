package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// engineBack is how long an engine that went away is waited for, where leaving things as they are would be worse.
const engineBack = time.Minute

// whenBack does something that may be repeated, again and again while the engine cannot be asked.
func whenBack(ctx context.Context, do func() error) error {
	for until := time.Now().Add(engineBack); ; {
		err := do()
		var silent *UnreachableError
		if !errors.As(err, &silent) || ctx.Err() != nil || time.Now().After(until) {
			return err
		}
		_ = sleep(ctx, time.Second)
	}
}

// standing makes sure that users are served before the old colour is stopped. After a restart of the engine neither
// colour may run: then the release, the last one that was good, is started again, and a person looks at it. That it is
// not well while the old colour runs is no reason to touch either.
func (r *run) standing(ctx context.Context) error {
	reasons, err := r.fit(ctx, r.release.To)
	if err != nil || len(reasons) == 0 {
		return err
	}
	ailing := fmt.Errorf("%s, which nginx serves, is not healthy: %w", r.release.To, &RefusedError{Reasons: reasons})
	if r.answers(r.release.To) || r.answers(r.report.From) {
		return ailing
	}
	r.Progress.Say("no colour runs any more: starting %s again", r.release.To)
	if err := r.Stack.Revive(ctx, r.app.Project, r.describe(r.release.To)); err != nil {
		return errors.Join(ailing, fmt.Errorf("no colour runs, and %s could not be started again: %w", r.release.To, err))
	}
	return fmt.Errorf("no colour ran any more, as after a restart of the engine: %s was started again (%w)", r.release.To, ailing)
}

// describe is a colour's release as its containers are.
func (r *run) describe(colour Colour) Record {
	rec := Record{Colour: colour, Model: r.app.Models[colour].asRun(r.of(colour))}
	for _, c := range r.of(colour) {
		if _, own := rec.Model.Service(c.Service); own {
			rec.Release = c.Release
			rec.Kept = append(rec.Kept, Kept{Service: c.Service, Name: c.Name, ID: c.ID, Image: c.Image, Digest: c.Digest, Policy: c.RestartPol})
		}
	}
	return rec
}

// lostInRetirement looks after the users when the engine went away while the old colour was retired. The error that led
// here comes first.
func (r *run) lostInRetirement(ctx context.Context, cause error) error {
	var silent *UnreachableError
	if !errors.As(cause, &silent) {
		return cause
	}
	ctx, cancel := r.whileOurs(ctx, undoLimit)
	defer cancel()
	return errors.Join(cause, whenBack(ctx, func() error { return r.standing(ctx) }))
}
