package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"bluegate/deploy/hooks"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
	"bluegate/deploy/unchanged"
)

// DryRun reports the plan that a deployment would execute. It changes nothing.
func (d *Deployer) DryRun(ctx context.Context) *report.Report {
	r := d.begin("deploy")
	return r.foreseeOnly(ctx, func() error { return r.step(ctx, "plan", r.foresee) })
}

// RollbackDryRun reports the plan that a rollback would execute. It changes nothing.
func (d *Deployer) RollbackDryRun(ctx context.Context) *report.Report {
	r := d.begin("rollback")
	return r.foreseeOnly(ctx, func() error {
		if err := r.observe(ctx); err != nil {
			return err
		}
		return r.step(ctx, "plan", r.planBack)
	})
}

// foreseeOnly plans as a deployment or a rollback does, without a lock. What these would settle first is settled over ports that
// change nothing.
func (r *run) foreseeOnly(ctx context.Context, makePlan func() error) *report.Report {
	r.report.DryRun = true
	defer r.unlock(ctx) // what asking needs
	err := r.observeOnly(ctx)
	known := false
	if err == nil {
		known, err = r.settleUnchanged(ctx)
	}
	if err == nil && r.command == "rollback" {
		r.chooseRollback()
	}
	if err == nil && known {
		err = makePlan()
	}
	if err != nil {
		return r.outcome(ctx, err)
	}
	if known {
		r.describePlan()
	}
	return r.report.Finish(model.Planned)
}

// settleUnchanged says what settling would do, by the same code, over an engine on which nothing is changed. known is
// false where the rest cannot be planned before nginx has been touched.
func (r *run) settleUnchanged(ctx context.Context) (known bool, err error) {
	if r.journal.Current == nil || r.seen.Holder != nil {
		return true, nil
	}
	entry := *r.journal.Current // what settling notes in it is not to be seen where it was read
	r.journal.Current = &entry
	nginx := &unchanged.Router{Router: r.Router}
	r.Deployer, r.nginx = r.over(nginx), nginx.Over(r.nginx)
	live := r.seen.Live
	done, err := r.settle(ctx)
	if nginx.Waits > 0 && err == nil && !done.drains {
		r.note(model.Finding{Code: "would-wait", Message: fmt.Sprintf("%s of an earlier configuration still answer requests: a deployment waits for them for up to %s, and changes nothing if they have not ended by then (still-draining)",
			model.Count(nginx.Waits, "nginx worker"), r.Settings.DrainTimeout)})
	}
	switch {
	case errors.Is(err, unchanged.ErrUnforeseen):
		r.setLive(live.Colour, live.By)
		r.report.From, r.report.To, r.report.Containers = live.Colour, cmp.Or(r.Settings.To, live.Colour.Other(), entry.To), r.seen.Containers
		r.note(model.Finding{Code: "would-settle", Message: fmt.Sprintf("first release %s (%s to %s, left in phase %q) is settled, which has to reload nginx or to ask from its network: the rest is not known before that; run `bluegate settle`, then the dry run again", entry.Release, plan.OrNone(entry.From), entry.To, entry.Phase)})
		return false, nil
	case err != nil:
		return false, err
	case done.said != "":
		r.note(model.Finding{Code: "would-settle", Message: "what an earlier run left is settled first. Afterwards: " + done.said})
	}
	return true, r.observe(ctx)
}

// over is a Deployer that changes nothing, and that sees what it would have changed.
func (d *Deployer) over(nginx *unchanged.Router) *Deployer {
	own := *d
	own.Stack, own.Images, own.Archive, own.Names = unchanged.NewStack(d.Stack), unchanged.Images{ImageStore: d.Images}, unchanged.Archive{Archive: d.Archive}, unchanged.Names{NameHolder: d.Names}
	own.Router, own.Store, own.History = nginx, unchanged.Store{StateStore: d.Store}, unchanged.History{HistoryStore: d.History}
	return &own
}

// describePlan writes the plan into the report.
func (r *run) describePlan() {
	described, findings := r.plan.Describe(r.seen, r.Settings)
	described.Hooks = hooks.Listed(r.hooks)
	r.report.Plan = described
	r.note(findings...)
}
