package deploy

import (
	"context"
	"errors"
	"slices"

	"bluegate/deploy/asking"
	"bluegate/deploy/check"
	"bluegate/deploy/model"
)

// checkRuns are the checks of a colour, with the containers that each is about.
func (r *run) checkRuns(during string, colour model.Colour, checks []check.Check, containers []model.Container) ([]*asking.Run, error) {
	all, said, err := asking.Of(r.seen, during, colour, checks, containers)
	r.note(said...)
	return all, err
}

// checks asks the release what Docker's health does not tell, before it gets users.
func (r *run) checks(ctx context.Context) error {
	if len(r.plan.Checks) == 0 {
		return nil
	}
	return r.step(ctx, "checks", func(ctx context.Context) error {
		containers, err := r.ofRelease(ctx)
		if err != nil {
			return err
		}
		all, err := r.checkRuns("checks", r.plan.Release.To, r.plan.Checks, containers)
		if err != nil {
			return err
		}
		err = asking.All(ctx, r.Checks, all)
		r.reportChecks(all)
		return err
	})
}

// failingChecks asks the checks of a colour for `health`. If the colour is live, those of the bake are asked too.
func (r *run) failingChecks(ctx context.Context, colour model.Colour) ([]model.Reason, error) {
	checks := r.Settings.Checks[colour]
	if colour == r.seen.Live.Colour {
		checks = slices.Concat(checks, r.Settings.Bake.Checks[colour])
	}
	all, err := r.checkRuns("health", colour, checks, r.seen.Of(colour))
	if err != nil {
		return []model.Reason{}, err
	}
	err = asking.All(ctx, r.Checks, all)
	r.reportChecks(all)
	var refused *model.RefusedError
	if errors.As(err, &refused) {
		return refused.Reasons, nil
	}
	return []model.Reason{}, err
}

// reportChecks adds the results of checks to the report.
func (r *run) reportChecks(all []*asking.Run) {
	for _, one := range all {
		r.report.Checks = append(r.report.Checks, one.Report())
	}
}
