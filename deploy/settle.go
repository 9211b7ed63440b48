package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
)

// Settle finishes or undoes what an earlier run left: one that was killed, or one that ended while the old colour was
// still draining.
func (d *Deployer) Settle(ctx context.Context) *report.Report {
	r := d.begin("settle")
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer r.unlock(ctx)
	err := r.settleOnly(ctx, cancel)
	r.atEnd(ctx)
	if err == nil {
		return r.report.Finish(model.Settled)
	}
	r.outcome(ctx, err)
	r.remember(ctx, err)
	return r.report
}

// settleOnly is what settle does besides what every command that changes something does first: it repairs what a later look
// would complain about: restart policies, addresses that nginx does not know, and names that it needs at its next start.
func (r *run) settleOnly(ctx context.Context, lost context.CancelCauseFunc) error {
	done, err := r.lockAndSettle(ctx, lost)
	if err != nil {
		return err
	}
	r.report.Message = cmp.Or(done.said, r.leftWaits(), "nothing was left to settle")
	if err := r.step(ctx, "observe", r.observe); err != nil {
		return err
	}
	if err := r.restorePolicies(ctx); err != nil {
		return err
	}
	if err := r.loadAddresses(ctx); err != nil {
		return err
	}
	if r.Settings.Cut {
		err := r.step(ctx, "retire", func(ctx context.Context) error {
			said, err := r.stopIdle(ctx)
			r.report.Message = cmp.Or(said, r.report.Message)
			return err
		})
		if err != nil {
			return err
		}
	}
	return r.holdNames(ctx, model.None)
}

// settled is the result of settling.
type settled struct {
	said   string // empty: nothing had to be done
	drains bool   // a retirement was taken over as it is: the old colour may still answer requests
	waited bool   // a release that waited was removed
}

// settle reads in the journal what was under way, asks the engine and nginx what is true, and does what the truth
// requires.
func (r *run) settle(ctx context.Context) (done settled, err error) {
	if err := r.Store.Sweep(ctx, r.seen.Application.Project); err != nil {
		return done, err
	}
	e := r.journal.Current
	if e == nil {
		return done, nil
	}
	if stays, err := r.leftWaiting(ctx, e); stays || err != nil {
		return done, err
	}
	done.waited = e.Waits()
	left := r.leftBy(e)
	if err := left.observe(ctx); err != nil {
		return done, err
	}
	if r.command == "rollback" && left.seen.StillRetiring(e) {
		done.drains = true
		return done, r.takeOver(ctx, left)
	}
	images := left.seen.HistoryImages(left.plan.Release)
	done.said, err = left.settleEntry(ctx, e)
	if err == nil {
		err = left.holdNames(ctx, model.None)
	}
	r.seen.Live = left.seen.Live
	if err == nil {
		left.rememberSettled(ctx, e, images, done.said)
	}
	if errors.Is(err, errDrain) && r.plan.Release.ID != "" {
		return done, model.Refuse(model.StillDraining, "%s is live since release %s, and %s, which this deployment needs, is still draining: %v; wait until the old workers have ended, then run `bluegate settle`", e.To, e.Release, plan.OrNone(e.From), err)
	}
	if err != nil {
		return done, &model.ManualActionError{Err: fmt.Errorf("settle release %s (%s to %s, left in phase %q): %w", e.Release, plan.OrNone(e.From), e.To, e.Phase, err), Run: "bluegate settle"}
	}
	r.journal = left.journal
	return done, nil
}

// leftBy is the run of an entry in the journal, as far as it came. It shares the report of this one.
func (r *run) leftBy(e *model.Entry) *run {
	own := *r.Deployer
	own.Settings.DrainThenStop = own.Settings.DrainThenStop || own.Settings.Cut
	left := &run{
		Deployer: &own, command: "settle", report: r.report, identity: r.identity, journal: r.journal, lease: r.lease, seen: r.seen,
		plan: plan.Plan{Release: model.Release{ID: e.Release, To: e.To, Model: r.seen.Application.Models[e.To]}, From: e.From, Keep: e.Keep, Drill: e.Drill},
	}
	switch {
	case e.Back != nil:
		left.comeBack(*e.Back)
	case e.Preview != nil: // the files may be those of another release by now
		left.resume(e)
	}
	return left
}

// settleEntry finishes or undoes the entry, and says what it did.
func (r *run) settleEntry(ctx context.Context, e *model.Entry) (string, error) {
	chosen := r.seen.Served()
	switch {
	case e.From == model.None:
	case e.Phase == model.PhaseSwitched && chosen == e.From:
		return r.switchedBack(ctx, e)
	case e.Phase.BeforeSwitch() && chosen == e.To:
		return fmt.Sprintf("someone made %s live by hand before release %s had passed: it stays live, and %s keeps running", e.To, e.Release, e.From), r.closeEntry(ctx, model.Settled)
	}
	passed, err := r.settlePassed(ctx, e)
	if err != nil {
		return "", err
	}
	if !passed {
		return r.settleUnpassed(ctx, e)
	}
	if e.From != model.None {
		if err := r.plan.MayStop(r.seen.Route); err != nil {
			return "", err
		}
	}
	quietly := func(ctx context.Context, _ string, do func(context.Context) error) error { return do(ctx) }
	if err := r.retire(ctx, quietly); err != nil {
		return "", err
	}
	return plan.Retired(e), nil
}

// settlePassed says whether the release of an entry stays, by the phase in which it was left and by what is true. If it does
// not, nginx serves the old colour alone afterwards.
func (r *run) settlePassed(ctx context.Context, e *model.Entry) (passed bool, err error) {
	if err := r.undoStep(ctx, e); err != nil {
		return false, err
	}
	switch e.Phase {
	case model.PhaseSwitched:
		return true, nil
	case model.PhaseCanary:
		if e.Change == nil {
			return false, nil
		}
		return false, r.rollBack(ctx)
	case model.PhaseSwitching:
		loaded, err := r.settleSwitch(ctx, e)
		if err != nil || !loaded || !e.Bakes {
			return loaded, err
		}
		return r.settleBake(ctx, e)
	case model.PhaseBaking:
		return r.settleBake(ctx, e)
	}
	return false, nil
}

// settleUnpassed removes a release that had not passed.
func (r *run) settleUnpassed(ctx context.Context, e *model.Entry) (string, error) {
	// Workers that had taken the change for a moment may still answer from the release.
	if (e.Phase == model.PhaseSwitching || e.Phase == model.PhaseBaking || e.Phase == model.PhaseCanary) && r.seen.Route.State == model.RouterRunning {
		if err := r.drainRelease(ctx); err != nil {
			return "", err
		}
	}
	if err := r.removeRelease(ctx); err != nil {
		return "", err
	}
	return plan.Removed(e, time.Now()), nil
}

// switchedBack accepts that someone pointed nginx back by hand after the release was live. The release is stopped, and
// its containers stay, so that they can be looked at.
func (r *run) switchedBack(ctx context.Context, e *model.Entry) (string, error) {
	if err := r.drainRelease(ctx); err != nil {
		return "", err
	}
	route, err := r.observeRoute(ctx)
	if err != nil {
		return "", err
	}
	if r.seen.Route = route; r.seen.Served() != e.From {
		return "", fmt.Errorf("the configuration of %s was edited again; run `bluegate settle` once nobody edits it", route.Nginx)
	}
	if err := r.seen.NothingLeadsTo(route, e.To); err != nil {
		return "", err
	}
	if err := r.holdNames(ctx, e.To); err != nil {
		return "", err
	}
	if err := r.despiteHooks(r.Stack.Retire(ctx, r.seen.Of(e.To))); err != nil {
		return "", err
	}
	if err := r.restorePolicies(ctx); err != nil { // the entry that is closed here may be all that remembers them
		return "", err
	}
	r.journal.Bring(e.Images)
	return fmt.Sprintf("someone made %s live again by hand: release %s of %s was stopped, and its containers stay until the next deployment", e.From, e.Release, e.To), r.closeEntry(ctx, model.RolledBack)
}

// settleSwitch says whether nginx serves the change of an entry. If not, the old configuration is back afterwards.
func (r *run) settleSwitch(ctx context.Context, e *model.Entry) (loaded bool, err error) {
	settle := r.settleChange
	if e.Change == nil || e.Change.Empty() {
		if r.seen.Route.Names != e.To || r.seen.Route.State != model.RouterRunning {
			return false, nil
		}
		settle = r.settleNamed
	}
	err = r.throughNginx(ctx, r.seen.Route.ID, func(ctx context.Context) error {
		loaded, err = settle(ctx, e)
		return err
	})
	return loaded, err
}

// settleNamed is settleSwitch where nginx named the colour before the release started. Nothing there tells how far the
// run came, and nginx may use addresses of containers that are gone. So the engine says whether the release is healthy,
// and then nginx reloads and its names must lead to it.
func (r *run) settleNamed(ctx context.Context, e *model.Entry) (loaded bool, err error) {
	if r.plan.Change, err = r.nginx.Plan(r.seen.Addresses, e.To); err != nil {
		return false, fmt.Errorf("what %s serves cannot be told: %w", r.seen.Route.Nginx, err)
	}
	targets, err := r.targetsOf(ctx)
	if err == nil {
		err = r.nginx.Restore(ctx, r.plan.Change)
	}
	if err == nil {
		err = r.nginx.Reach(ctx, targets)
	}
	if model.Is[*model.RefusedError](err) {
		r.Progress.Say("release %s of %s: %v", e.Release, e.To, err)
		return false, nil
	}
	return err == nil, err
}

// settleChange is settleSwitch where the change is known. Files that hold neither its old nor its new content were
// edited: they are left as they are.
func (r *run) settleChange(ctx context.Context, e *model.Entry) (loaded bool, err error) {
	state, err := r.nginx.Compare(ctx, *e.Change)
	if err != nil {
		return false, err
	}
	switch state {
	case model.ChangeLoaded:
		if r.seen.Answers(e.To) {
			return true, nil
		} // else what nginx serves has ended, and the old colour is what it can go back to
	case model.ChangeNginxGone:
		return false, fmt.Errorf("%s is not there any more, so what it served cannot be told; bring it back", e.Change.Nginx)
	case model.ChangeConflict:
		if chosen := r.seen.Served(); chosen != model.None { // by hand, and it was loaded
			return chosen == e.To, nil
		}
		return false, fmt.Errorf("the configuration of %s was edited: it holds neither what was there before the switch nor what the switch wrote, and is left as it is; make it name the live colour, reload nginx", e.Change.Nginx)
	}
	return false, r.nginx.Restore(ctx, *e.Change)
}
