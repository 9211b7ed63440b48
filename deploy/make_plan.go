package deploy

import (
	"context"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/pulling"
)

// makePlan plans a deployment. It asks what only the engine, nginx and the registries know; package plan decides.
func (r *run) makePlan(ctx context.Context) error {
	r.note(r.seen.Application.Findings...)
	if err := r.notePruned(ctx); err != nil {
		return err
	}
	p, err := plan.Choose(r.seen, r.Settings, r.plan.Release.ID)
	if r.setPlan(p); err != nil {
		return err
	}
	if err := r.Stack.Require(ctx, p.Release.Model); err != nil {
		return err
	}
	return r.completePlan(ctx)
}

// completePlan completes the plan for the release that was chosen, and asks what depends on it.
func (r *run) completePlan(ctx context.Context) error {
	if r.lease == nil { // else it was asked before the lock was taken
		if err := r.Store.CanHelp(ctx); err != nil {
			return err
		}
	}
	r.askChange()
	p, err := r.plan.Make(r.seen, r.Settings)
	if r.setPlan(p); err != nil {
		return err
	}
	if err := r.canHoldNames(ctx); err != nil {
		return err
	}
	return r.noOpenConnections(ctx)
}

// askChange asks nginx for the change that makes it name the release's colour.
func (r *run) askChange() {
	switch {
	case r.seen.Route.State == model.RouterAbsent:
	case r.seen.Route.Refusal != nil:
		r.seen.Change, r.seen.Unswitchable = model.Change{To: r.plan.Release.To, Nginx: r.seen.Route.Nginx}, r.seen.Route.Refusal
	default:
		r.seen.Change, r.seen.Unswitchable = r.nginx.Plan(r.seen.Addresses, r.plan.Release.To)
	}
}

// canHoldNames refuses a setup in which nginx could not start again after a colour is stopped.
func (r *run) canHoldNames(ctx context.Context) error {
	if len(r.plan.Names) == 0 {
		return nil
	}
	return r.Names.CanHold(ctx, r.seen.Route.ID, r.plan.Names)
}

// setPlan takes a plan over, and writes it into the report.
func (r *run) setPlan(p plan.Plan) {
	r.plan = p
	r.report.From, r.report.To = p.From, p.Release.To
	r.report.ReleaseImages, r.report.PreviousImages, r.report.NginxDiff = p.ReleaseImages(), r.seen.ImagesOf(p.From), p.Change.Diff
	r.note(p.Findings...)
	r.tellAbout()
}

// foresee plans for a command that only looks. It asks the registries for the images that a deployment would pull, and
// pulls nothing.
func (r *run) foresee(ctx context.Context) error {
	if err := r.makePlan(ctx); err != nil {
		return err
	}
	answers := pulling.Ask(ctx, r.Images, r.plan.Pull)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := pulling.Unanswered(answers); err != nil {
		return err
	}
	p, err := r.plan.Offered(answers)
	r.setPlan(p)
	return err
}
