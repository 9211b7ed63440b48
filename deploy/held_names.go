package deploy

import (
	"context"
	"slices"

	"bluegate/deploy/model"
)

// holdNames makes the engine resolve the host names that nginx's files name for both colours and that belong to no
// running container, or to the ending colour. What to hold is derived from what is true, and never stored, so any
// command repairs what a killed one left.
func (r *run) holdNames(ctx context.Context, ending model.Colour) error {
	if r.seen.Route.Refusal != nil { // it may have been half of a switch, which was undone since
		route, err := r.observeRoute(ctx)
		if err != nil {
			return err
		}
		if r.seen.Route.Paired = route.Paired; route.Refusal != nil {
			return nil // what it names cannot be told, so what is held stays
		}
	}
	return r.hold(ctx, ending, model.None)
}

// hold is holdNames for the route that was observed. The containers of the starting colour count as running. It changes
// nothing of the run.
func (r *run) hold(ctx context.Context, ending, starting model.Colour) error {
	if r.seen.Route.State == model.RouterAbsent {
		return nil
	}
	containers, err := r.Stack.Containers(ctx, r.seen.Application) // the run's own are as they were when it looked
	if err != nil {
		return err
	}
	for i, c := range containers {
		containers[i].Running = c.Running || c.Colour == starting
	}
	runs := slices.ContainsFunc(containers, func(c model.Container) bool { return c.Colour != ending && c.InUse() })
	if !runs && (r.plan.Release.ID == "" || r.plan.From != model.None) { // nothing is live, and once something is, what is held is needed
		return nil
	}
	var names []model.HeldName
	if runs { // else a first deployment is undone, and leaves nothing
		names = r.seen.Unresolved(containers, ending)
	}
	return r.Names.Hold(ctx, r.seen.Application.Project, r.seen.Route.ID, names)
}

// noteNames reports which names are held, and adds a finding for those that nginx needs at its next start and that are
// not.
func (r *run) noteNames(ctx context.Context) error {
	var err error
	if r.report.Names, err = r.Names.HeldNames(ctx, r.seen.Application.Project); err != nil || !r.seen.NamesKnown() || r.seen.Live.Colour == model.None {
		return err
	}
	r.note(r.seen.NamesNotHeld(r.report.Names)...)
	return nil
}
