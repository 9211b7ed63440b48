package deploy

import (
	"context"
	"errors"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
)

// Rollback makes the previous release live again, through the same gate and switch as any other: from its containers,
// which were kept, or from what the engine holds of them if those are gone.
func (d *Deployer) Rollback(ctx context.Context) *report.Report {
	r := d.begin("rollback")
	return r.whole(ctx, r.rollback)
}

// rollback is a deployment of what was live before. It settles first, and leaves a retirement that is under way as it is: the
// colour that is about to be stopped is the one to which it goes back.
func (r *run) rollback(ctx context.Context, lost context.CancelCauseFunc) error {
	done, err := r.lockAndSettle(ctx, lost)
	if err != nil {
		return err
	}
	if err := plan.StillLive(r.journal, r.Settings.Leaving); err != nil {
		return err
	}
	r.chooseRollback()
	if err := r.step(ctx, "observe", r.observe); err != nil {
		return err
	}
	if err := r.step(ctx, "plan", r.planBack); err != nil {
		return err
	}
	r.plan.Drains = done.drains
	return r.orAbandon(ctx, func() error { return r.makeLive(ctx) })
}

// chooseRollback puts the release that may come back in the place of what the Compose files say of its colour now.
func (r *run) chooseRollback() {
	if len(r.journal.Releases) > 1 {
		r.comeBack(r.journal.Releases[1])
		r.report.Release, r.report.To = r.plan.Release.ID, r.plan.Release.To
	}
}

// comeBack makes a release of the journal the one that the run is about.
func (r *run) comeBack(rec model.ReleaseRecord) {
	r.plan.Release = rec.Again()
	if len(rec.Kept) > 0 {
		r.seen.Application = r.seen.Application.With(rec.Model)
		r.seen.Addresses = model.NewAddresses(r.seen.Application)
	}
}

// planBack plans a rollback.
func (r *run) planBack(ctx context.Context) error {
	p, err := plan.ChooseBack(r.seen, r.Settings)
	if r.setPlan(p); err != nil {
		return err
	}
	if err := r.askRetained(ctx, *p.Release.Back); err != nil {
		return err
	}
	return r.completePlan(ctx)
}

// askRetained asks what the engine has of a release, whose services the Compose files may not name any more.
func (r *run) askRetained(ctx context.Context, back model.ReleaseRecord) error {
	containers, err := r.Stack.Containers(ctx, r.seen.Application.With(back.Model))
	if err != nil {
		return err
	}
	missing, err := r.Archive.Held(ctx, r.seen.Application.Project, back)
	r.seen.Retained = plan.Retained(back, containers, missing)
	return err
}

// rollbackTargetOnceSettled reports what a rollback would go back to. Where an earlier run left something, a rollback
// settles that first.
func (r *run) rollbackTargetOnceSettled(ctx context.Context) (err error) {
	back := r
	if r.journal.Current != nil && r.seen.Holder == nil {
		back = r.begin("rollback")
		back.seen, back.journal, back.identity = r.seen, r.journal, r.identity
		known, err := back.settleUnchanged(ctx)
		if err == nil && !known {
			err = errors.New("what an earlier run left has to be settled first: run `bluegate settle`")
		}
		if err != nil {
			r.report.Rollback = plan.NoWayBack(err)
			return nil
		}
	}
	r.report.Rollback, err = back.rollbackTarget(ctx)
	return err
}

// notePruned adds a finding if what a rollback would have gone back to was removed.
func (r *run) notePruned(ctx context.Context) error {
	back, err := r.seen.RollbackTarget()
	if err != nil { // there is none
		return nil
	}
	if err := r.askRetained(ctx, back); err != nil {
		return err
	}
	if gone := plan.NotRestorable(back.Release, r.seen.Retained); gone != nil {
		r.note(model.Finding{Code: "kept-was-removed", Message: gone.Error()})
	}
	return nil
}

// rollbackTarget is what a rollback would go back to, or why there is nothing.
func (r *run) rollbackTarget(ctx context.Context) (*report.RollbackTarget, error) {
	back, err := r.seen.RollbackTarget()
	if err != nil {
		return plan.NoWayBack(err), nil
	}
	if err := r.askRetained(ctx, back); err != nil {
		return nil, err
	}
	return plan.WayBack(back, r.seen.Retained), nil
}

// start starts the release's containers: new ones, or those that were kept. Then their names are not held any more:
// Docker's DNS would answer with both.
func (r *run) start(ctx context.Context) (err error) {
	if r.plan.Release.Back == nil {
		err = r.Stack.Up(ctx, r.plan.Release.Model, r.plan.Release.ID, r.letNamesGo)
	} else {
		err = r.Archive.Revive(ctx, r.seen.Application.Project, *r.plan.Release.Back, r.letNamesGo)
	}
	if err != nil {
		return err
	}
	return r.hold(ctx, model.None, model.None)
}

// letNamesGo ends the holding of the release's names before its first container starts: a service of it that looks for
// another one must find that or nothing, as with `docker compose up`, and not the container that holds names, which it
// might remember. A release of one service has none to look for.
func (r *run) letNamesGo(ctx context.Context) error {
	if len(r.plan.Release.Model.Services) < 2 {
		return nil
	}
	return r.hold(ctx, model.None, r.plan.Release.To)
}

// takeOver leaves a retirement as it is, because the old colour is about to become live again. Until the rollback
// writes its own entry, the journal still speaks of the retirement.
func (r *run) takeOver(ctx context.Context, left *run) error {
	if err := left.keep(ctx); err != nil {
		return err
	}
	r.journal = left.journal
	r.journal.Promote(r.journal.Current, time.Now())
	r.journal.Close(model.Promoted)
	return nil
}

// stopRestored stops the containers that a rollback had started. Those that had been running before continue.
func (r *run) stopRestored(ctx context.Context) error {
	containers, err := r.ofRelease(ctx)
	if err != nil {
		return err
	}
	if err := r.notSwitchedByHand(ctx, containers); err != nil {
		return err
	}
	e := r.journal.Current
	if e.Drains && r.seen.Route.State == model.RouterRunning {
		if err := r.drainRelease(ctx); err != nil {
			return err
		}
	}
	if !e.Awake || e.Drains {
		if err := r.holdNames(ctx, r.plan.Release.To); err != nil {
			return err
		}
		if err := r.despiteHooks(r.Stack.Retire(ctx, containers)); err != nil {
			return err
		}
	}
	return r.closeEntry(ctx, model.Refused)
}
