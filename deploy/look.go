package deploy

import (
	"context"
	"errors"
	"slices"

	"bluegate/deploy/asking"
	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
)

// Seen is what a look saw: what is true, what users meet, and the checks that can be asked now.
type Seen struct {
	plan.Observation
	State     report.State
	Questions []asking.Question
}

// Look observes as status does: it takes no lock and changes nothing. more are checks in addition to those of the
// settings. What it started next to nginx stays until Close, so that the checks can be asked.
func (d *Deployer) Look(ctx context.Context, more []check.Check) (Seen, error) {
	r := d.begin("watch")
	if err := r.observeOnly(ctx); err != nil {
		return Seen{}, err
	}
	seen := Seen{Observation: r.seen, State: r.seen.State()}
	if seen.Live.Colour == model.None {
		return seen, nil
	}
	colour := seen.Live.Colour
	var err error
	seen.Questions, err = asking.Questions(seen.Observation, colour, slices.Concat(d.Settings.Checks[colour], d.Settings.Bake.Checks[colour], more))
	return seen, err
}

// Again lists the containers again. What nginx serves is taken from the earlier look.
func (d *Deployer) Again(ctx context.Context, seen Seen) (Seen, error) {
	containers, err := d.Stack.Containers(ctx, seen.Application)
	if err != nil {
		return seen, err
	}
	seen.Containers = containers
	seen.Observation = seen.Judged()
	seen.State = seen.Observation.State()
	return seen, nil
}

// Close removes what a look started.
func (d *Deployer) Close(ctx context.Context) error {
	return errors.Join(d.Router.Close(ctx), d.Checks.Close(ctx))
}
