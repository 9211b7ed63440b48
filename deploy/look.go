package deploy

import (
	"context"
	"errors"
	"slices"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
)

// Seen is what a look saw: what is true, what users meet, and the checks that can be asked now.
type Seen struct {
	plan.Observation
	State     report.State
	Questions []Question
}

// Question is a check of the live colour that knows from where it is asked.
type Question struct {
	check.Check
	// Index is the place of the check among those of the settings, then those of the bake, then the others. A check that is
	// asked from each container of a service has one Question for each.
	Index     int
	Container model.Container // for check.Container
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
	for i, c := range slices.Concat(d.Settings.Checks[colour], d.Settings.Bake.Checks[colour], more) {
		runs, err := r.checkRuns("watch", colour, []check.Check{c}, seen.Of(colour))
		if err != nil {
			return seen, err
		}
		for _, run := range runs {
			seen.Questions = append(seen.Questions, Question{run.Check, i, run.Container})
		}
	}
	return seen, nil
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

// stillLive refuses a rollback from a release that is not the live one any more: it was decided before this run had the
// lock.
func (r *run) stillLive() error {
	leaving := r.Settings.Leaving
	if leaving == "" || len(r.journal.Releases) > 0 && r.journal.Releases[0].Release == leaving {
		return nil
	}
	return model.Invalid("release %s is not live any more: someone else made another one live, and nothing is rolled back", leaving)
}
