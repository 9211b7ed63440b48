package observing

import (
	"context"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
)

// Rehearsal is the result of testing a coming configuration.
type Rehearsal struct {
	Findings   []model.Finding
	Err        error
	Unreleased error // nginx's lock was not given back
}

// Rehearse calls test. What another project's switch has written and nginx has not loaded yet looks like an edit by hand: so
// test is called again through alone, which takes nginx's lock; nil: nobody is waited for.
func Rehearse(ctx context.Context, test func(context.Context) ([]model.Finding, error), alone func(func(context.Context) error) (unreleased, err error)) (done Rehearsal) {
	done.Findings, done.Err = test(ctx)
	if !plan.NotLoaded(done.Err) || alone == nil {
		return done
	}
	unreleased, err := alone(func(ctx context.Context) error {
		done.Findings, done.Err = test(ctx)
		return nil
	})
	if done.Unreleased = unreleased; err != nil {
		return Rehearsal{Err: err}
	}
	return done
}
