package deploy

import (
	"context"
	"errors"
	"fmt"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
)

// The commands that only look take no lock, settle nothing and change nothing.

// Status says which colour is live, lists the containers of both, and says what a rollback would go back to.
func (d *Deployer) Status(ctx context.Context) *report.Report {
	r := d.begin("status")
	defer r.unlock(ctx) // removes the helper containers
	err := r.observeOnly(ctx)
	if err == nil {
		r.note(r.seen.NginxFindings()...)
		r.note(r.seen.Drift(r.Settings.Keep)...)
		r.note(r.seen.RestartPolicyLost()...)
		r.note(r.seen.AddressesNotLoaded()...)
		err = r.noteNames(ctx)
	}
	if err == nil {
		err = r.rollbackTargetOnceSettled(ctx)
	}
	if err != nil {
		return r.outcome(ctx, err)
	}
	return r.seen.Conclude(r.report)
}

// observeOnly observes without a lock, and adds findings for what a killed run left and for who holds the lock.
func (r *run) observeOnly(ctx context.Context) error {
	if err := r.load(ctx); err != nil {
		return err
	}
	holder, err := r.Store.Holder(ctx, r.seen.Application.Project)
	if err != nil {
		return err
	}
	var manual *model.ManualActionError
	switch r.journal, err = r.Store.Read(ctx, r.seen.Application.Project); {
	case errors.As(err, &manual):
		r.note(model.Finding{Code: "journal-unusable", Message: manual.Error() + "; " + manual.Run})
	case err != nil:
		return err
	case holder == nil:
		r.note(plan.LeftBehind(r.journal)...)
	}
	if err := r.ownJournal(ctx); err != nil {
		return err
	}
	r.report.Preview = report.NewPreview(r.journal.Current)
	if holder != nil {
		r.note(model.Finding{Code: "locked", Message: "a deployment is under way: " + holder.String()})
	}
	if err := r.step(ctx, "observe", r.observe); err != nil {
		return err
	}
	r.seen.Holder = holder
	return r.observeHalfSwitch(ctx)
}

// observeHalfSwitch says which colour users are on if a run died between writing nginx's files and reloading it: the
// files name the new colour, and nginx still serves the old one.
func (r *run) observeHalfSwitch(ctx context.Context) error {
	e := r.journal.Current
	if e == nil || e.Phase != model.PhaseSwitching || e.Change == nil || r.seen.Live.Colour != model.None || r.seen.Route.Away != "" || r.seen.Route.State != model.RouterRunning || !r.seen.Runs(e.From) {
		return nil
	}
	state, err := r.nginx.Compare(ctx, *e.Change)
	if err != nil || state != model.ChangeWritten {
		return err
	}
	r.setLive(e.From, fmt.Sprintf("%s still runs what it had loaded before release %s wrote the configuration of %s, which is on disk: it must not be reloaded or restarted before `bluegate settle`", r.seen.Route.Nginx, e.Release, e.To))
	return nil
}
