package deploy

import (
	"context"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// Doctor makes every check that can be made without changing anything, and says what a deployment would settle first.
// With Settings.TryRestart it also starts copies of nginx, and removes them. What a deployment would be refused for is in
// the report's reasons and its exit code. What is known to cost requests, switches or time is in its findings, each with
// its place, its cost and its remedy.
func (d *Deployer) Doctor(ctx context.Context) *report.Report {
	r := d.begin("doctor")
	defer r.unlock(ctx) // what asking needs
	if err := r.observeOnly(ctx); err != nil {
		return r.outcome(ctx, err)
	}
	known, refusal := r.settleUnchanged(ctx) // as a deployment does first
	if refusal == nil && known {
		refusal = r.step(ctx, "plan", r.foresee)
	}
	if err := r.step(ctx, "examine", r.examine); err != nil {
		return r.outcome(ctx, err)
	}
	if r.Settings.TryRestart {
		err := r.step(ctx, "try-restart", r.tryRestart)
		if err != nil && (!model.Is[*model.RefusedError](err) || refusal == nil) {
			return r.outcome(ctx, err)
		}
	}
	if refusal != nil {
		return r.outcome(ctx, refusal)
	}
	r.report.Message = "a deployment could begin: no check that can be made before it refuses it"
	if !known {
		r.report.Message = "a deployment would first settle what an earlier run left; what comes after that cannot be checked before"
	}
	return r.report.Finish(model.OK)
}

// examine looks at the services' healthchecks and at nginx's configuration.
func (r *run) examine(ctx context.Context) error {
	r.note(r.seen.Healthchecks(r.Settings)...)
	r.note(r.seen.Drift(r.Settings.Keep)...)
	r.note(r.seen.RestartPolicyLost()...)
	r.note(r.seen.AddressesNotLoaded()...)
	if r.seen.Route.State == model.RouterAbsent {
		return nil
	}
	found, err := r.nginx.Examine(ctx, model.Examination{Drain: r.Settings.DrainTimeout})
	r.report.Withdraw(found) // what was observed already is said again with its remedy
	r.note(found...)
	return err
}

// tryRestart refuses an nginx whose restart would undo a switch.
func (r *run) tryRestart(ctx context.Context) error {
	if r.seen.Route.State == model.RouterAbsent {
		return nil
	}
	found, err := r.nginx.Examine(ctx, model.Examination{Restart: true})
	r.note(found...)
	if err != nil {
		return err
	}
	return r.seen.RestartUndoes(found)
}
