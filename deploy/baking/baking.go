// Package baking asks again and again whether a release is what its users are to have, while they are on it. What is asked
// and what comes of an answer, package deploy says.
package baking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
)

// Pause is the pause between two rounds.
const Pause = time.Second

// nginxBack is how long an nginx that was restarted may take until it serves again.
const nginxBack = 30 * time.Second

// ErrEdited ends the rounds where someone else edited nginx's files since the switch.
var ErrEdited = errors.New("the configuration of nginx was edited since the switch")

// Rounds is what is asked in each round.
type Rounds struct {
	Release model.Colour
	// Prove proves that nginx serves the release. It returns ErrEdited, *model.UnreachableError for an nginx that does not
	// run or cannot be asked, or any other error, which refuses the release.
	Prove func(context.Context) error
	// Ask asks the checks. A *model.RefusedError is about the release; any other error says that one could not be asked.
	Ask func(context.Context) error
	// Judge judges the release by what its users met.
	Judge func(context.Context) error
	// Adopt makes an edit part of what is proven from then on, or returns why it does not.
	Adopt func(context.Context) error
	Say   func(format string, values ...any)
}

// Until asks until the release has failed, nginx's files were edited, or ctx ends. An nginx that does not run, or that
// cannot be asked, says nothing about the release: Until waits for it.
func (r Rounds) Until(ctx context.Context) error {
	said := false
	for {
		err := r.once(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case model.Is[*model.UnreachableError](err):
			if !said {
				r.wait(err)
			}
			said = true
		case err != nil:
			return err
		default:
			said = false
		}
		_ = model.Sleep(ctx, Pause)
	}
}

// Again adopts the edit with which the rounds ended, and returns nil if they are to begin again. Every other error is
// returned.
func (r Rounds) Again(ctx context.Context, err error) error {
	if errors.Is(err, ErrEdited) {
		err = r.Adopt(ctx)
	}
	if model.Is[*model.UnreachableError](err) {
		r.wait(err)
		err = nil
	}
	return err
}

func (r Rounds) wait(err error) { r.Say("in the bake: %v; asking again", err) }

// once proves that nginx serves the release, and asks the checks. A check that fails while nginx is restarted says nothing
// about the release: it counts only if nginx serves the release afterwards.
func (r Rounds) once(ctx context.Context) error {
	if err := r.Prove(ctx); err != nil {
		return err
	}
	err := r.Ask(ctx)
	if err == nil {
		return r.Judge(ctx)
	}
	if ctx.Err() != nil {
		return err
	}
	if away := r.Prove(ctx); away != nil {
		return away
	}
	if !model.Is[*model.RefusedError](err) { // a helper that ended with nginx, for instance
		return &model.UnreachableError{What: "the release", Err: err}
	}
	return err
}

// Last is the round at the end. It waits up to 30 seconds for an nginx that is being restarted; then a person has to decide,
// because nothing is known against the release, and it is not known what nginx serves.
func (r Rounds) Last(ctx context.Context) error {
	for until := time.Now().Add(nginxBack); ; {
		err := r.once(ctx)
		if errors.Is(err, ErrEdited) {
			if err = r.Adopt(ctx); err == nil {
				continue
			}
		}
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !model.Is[*model.UnreachableError](err):
			return err
		case time.Now().After(until):
			return &model.ManualActionError{Err: fmt.Errorf("%s passed its bake, but at its end it could not be proven what nginx serves: %w", r.Release, err), Run: "bluegate settle"}
		}
		_ = model.Sleep(ctx, Pause)
	}
}
