package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// Rollback makes the release that was live before live again, through the same gate and switch as any other: from its
// containers, which were kept, or from what the engine holds of them when those are gone.
func (d *Deployer) Rollback(ctx context.Context) *report.Report {
	r := d.begin("rollback")
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := r.rollback(ctx, cancel)
	r.atEnd(ctx)
	defer r.ended(ctx)
	return r.outcome(ctx, err)
}

func (r *run) rollback(ctx context.Context, lost context.CancelCauseFunc) (err error) {
	defer r.unlock(ctx)
	if err := r.lockAndSettle(ctx, lost); err != nil {
		return err
	}
	r.chooseRollback()
	if err := r.step(ctx, "observe", r.observe); err != nil {
		return err
	}
	if err := r.step(ctx, "plan", r.planBack); err != nil {
		return err
	}

	defer func() { err = r.undoUnlessPromoted(ctx, err) }()
	return r.makeLive(ctx)
}

// RollbackDryRun makes every decision of a rollback that can be made without changing anything.
func (d *Deployer) RollbackDryRun(ctx context.Context) *report.Report {
	r := d.begin("rollback")
	r.report.DryRun = true
	defer r.unlock(ctx) // what asking needs
	err := r.look(ctx)
	known := true
	if err == nil {
		known, err = r.settleUnchanged(ctx)
	}
	if err == nil {
		r.chooseRollback()
	}
	if err == nil && known {
		err = r.observe(ctx)
	}
	if err == nil && known {
		err = r.step(ctx, "plan", r.planBack)
	}
	if err != nil {
		return r.outcome(ctx, err)
	}
	if known {
		r.describeBack()
	}
	return r.report.Finish(model.Planned)
}

// chooseRollback puts the release that may come back in the place of what the Compose files say of its colour by now.
func (r *run) chooseRollback() {
	if len(r.journal.Releases) < 2 {
		return
	}
	r.loadRelease(r.journal.Releases[1])
}

func (r *run) loadRelease(rec model.ReleaseRecord) {
	r.release = model.Release{ID: rec.Release, To: rec.Colour, Model: rec.Model, Back: &rec}
	r.report.Release, r.report.To = rec.Release, rec.Colour
	if len(rec.Kept) > 0 {
		r.app = r.app.With(rec.Model)
		r.dir = model.NewAddresses(r.app)
	}
}

// planBack refuses what is no way back, and whatever else can be known before anything is touched.
func (r *run) planBack(ctx context.Context) error {
	r.report.From = r.report.Live
	if err := r.wayBack(); err != nil {
		return err
	}
	if err := r.planChecks(); err != nil {
		return err
	}
	kept, err := r.keptOf(ctx, *r.release.Back, r.containers)
	if err != nil {
		return err
	}
	if err := beyondRecall(r.release.ID, kept); err != nil {
		return err
	}
	if r.route.Draining > 0 && len(r.foreignContainers()) > 0 {
		return model.Refuse(model.StillDraining, "%d old workers of %s are still answering requests that may be on %s, whose containers a rollback replaces; wait until they have ended", r.route.Draining, r.route.Nginx, r.release.To)
	}
	if err := r.planSwitch(ctx); err != nil {
		return err
	}
	if !slices.ContainsFunc(r.foreignContainers(), func(c model.Container) bool { return c.Running }) {
		return nil
	}
	return r.replaceable(ctx)
}

// wayBack says why there is none, if so.
func (r *run) wayBack() error {
	live, records := r.report.Live, r.journal.Releases
	switch {
	case live == model.None:
		return model.Invalid("no colour is known to be live (%s), so there is nothing to go back from; `bluegate deploy` makes one live", r.report.LiveBy)
	case len(records) > 0 && records[0].Colour != live:
		return model.Invalid("%s is live, though bluegate made %s live last (release %s): somebody switched nginx by hand, and what was live before that is not known; go forward with `bluegate deploy`", live, records[0].Colour, records[0].Release)
	case len(records) > 0 && records[0].Instead != "":
		return model.Invalid("%s is live because release %s was rolled back to %s at %s, and a rollback is not rolled back; go forward with `bluegate deploy`, which brings a new release up on %s",
			live, records[0].Instead, records[0].Release, records[0].At.UTC().Format(time.RFC3339), live.Other())
	case len(records) < 2:
		return model.Invalid("there is nothing to go back to: no release was live before this one of %s, as far as bluegate knows", live)
	case records[1].Colour == live || len(records[1].Kept) == 0:
		return model.Invalid("there is nothing to go back to: of release %s, which was live before, nothing was kept", records[1].Release)
	}
	return nil
}

// keptOf says what the engine has of the containers of a release, of which containers are there.
func (r *run) keptOf(ctx context.Context, back model.ReleaseRecord, containers []model.Container) ([]report.KeptContainer, error) {
	missing, err := r.Stack.Held(ctx, r.app.Project, back)
	if err != nil {
		return nil, err
	}
	kept := []report.KeptContainer{}
	for _, k := range back.Kept {
		state := report.KeptHeld
		if slices.Contains(missing, k) {
			state = report.KeptGone
		}
		for _, c := range containers {
			switch {
			case c.Colour != back.Colour || c.Name != k.Name || !back.Owns(c):
			case c.Running:
				state = report.KeptRunning
			default:
				state = report.KeptStopped
			}
		}
		kept = append(kept, report.KeptContainer{Service: k.Service, Name: k.Name, Image: k.Image, Digest: k.Digest, State: state})
	}
	return kept, nil
}

func beyondRecall(release string, kept []report.KeptContainer) error {
	for _, k := range kept {
		if k.State == report.KeptGone {
			return model.Invalid("release %s cannot come back: its container %s was removed, and so was what bluegate held of it (somebody removed both; `docker container prune` and `docker system prune` do, since neither runs); deploy that version again", release, k.Name)
		}
	}
	return nil
}

// lookBackOnceSettled is lookBack where an earlier run left something: a rollback settles that first.
func (r *run) lookBackOnceSettled(ctx context.Context) error {
	if r.journal.Current == nil || r.underWay {
		return r.lookBack(ctx)
	}
	back := r.begin("rollback")
	back.report.DryRun = true
	back.app, back.dir, back.journal, back.route = r.app, r.dir, r.journal, r.route
	known, err := back.settleUnchanged(ctx)
	switch {
	case err == nil && known:
		if err = back.observe(ctx); err == nil {
			err = back.lookBack(ctx)
		}
		r.report.Rollback = back.report.Rollback
		return err
	case err == nil:
		err = errors.New("what an earlier run left has to be settled first: run `bluegate settle`")
	}
	r.report.Rollback = &report.RollbackTarget{Containers: []report.KeptContainer{}, Refused: err.Error()}
	return nil
}

// notePruned says, before a deployment replaces it, that what a rollback would have gone back to was removed.
func (r *run) notePruned(ctx context.Context) error {
	if r.wayBack() != nil {
		return nil
	}
	back := r.journal.Releases[1]
	containers, err := r.Stack.Containers(ctx, r.app.With(back.Model))
	if err != nil {
		return err
	}
	kept, err := r.keptOf(ctx, back, containers)
	if err != nil {
		return err
	}
	if gone := beyondRecall(back.Release, kept); gone != nil {
		r.note(model.Finding{Code: "kept-was-removed", Message: gone.Error()})
	}
	return nil
}

// lookBack tells what a rollback would go back to.
func (r *run) lookBack(ctx context.Context) error {
	way := &report.RollbackTarget{Containers: []report.KeptContainer{}}
	r.report.Rollback = way
	if err := r.wayBack(); err != nil {
		way.Refused = err.Error()
		return nil
	}
	back := r.journal.Releases[1]
	way.Release, way.Colour = back.Release, back.Colour
	if !back.At.IsZero() {
		way.At = &back.At
	}
	// The Compose files may not know all of its services any more.
	containers, err := r.Stack.Containers(ctx, r.app.With(back.Model))
	if err != nil {
		return err
	}
	if way.Containers, err = r.keptOf(ctx, back, containers); err != nil {
		return err
	}
	if err := beyondRecall(back.Release, way.Containers); err != nil {
		way.Refused = err.Error()
	}
	return nil
}

// foreignContainers are containers in the place of the release that comes back which are not its own: left by a deployment by
// hand, or by a release that did not pass.
func (r *run) foreignContainers() []model.Container {
	return slices.DeleteFunc(r.of(r.release.To), r.release.Back.Owns)
}

// startRestored starts the release's containers: fresh ones, or those that come back. Their names, which were held while they did
// not run, lead to nothing else afterwards: Docker's DNS would answer with both.
func (r *run) startRestored(ctx context.Context) (err error) {
	if r.release.Back == nil {
		err = r.Stack.Up(ctx, r.release.Model, r.release.ID)
	} else {
		err = r.Stack.Revive(ctx, r.app.Project, *r.release.Back)
	}
	if err != nil {
		return err
	}
	return r.hold(ctx, model.None)
}

// stillBeside says that a deployment has left nothing but a retirement that is under way: users are on its release, and
// the old colour still runs.
func (r *run) stillBeside(e *model.Entry) bool {
	return e.Phase == model.PhaseSwitched && e.Back == nil && r.servedColour() == e.To && r.runs(e.From)
}

// takeOver leaves such a retirement as it is: the old colour is about to become live again, and need not be stopped for
// that. Until the rollback itself begins, the journal goes on to speak of the retirement.
func (r *run) takeOver(ctx context.Context, left *run) error {
	if err := left.keep(ctx); err != nil {
		return err
	}
	r.journal, r.drains = left.journal, true
	r.journal.Promote(r.journal.Current, time.Now())
	r.journal.Close(model.Promoted)
	return nil
}

// stopRestored stops what a rollback had started: its release goes back to where it was. What had been left running goes on.
func (r *run) stopRestored(ctx context.Context) error {
	containers, err := r.ofRelease(ctx)
	if err != nil {
		return err
	}
	if err := r.namedByHand(ctx, containers); err != nil {
		return err
	}
	e := r.journal.Current
	if e.Drains && r.route.State == model.RouterRunning {
		if err := r.drainRelease(ctx); err != nil {
			return err
		}
	}
	if !e.Awake || e.Drains {
		if err := r.holdNames(ctx, r.release.To); err != nil {
			return err
		}
		if err := r.Stack.Retire(ctx, containers); err != nil {
			return err
		}
	}
	return r.closeEntry(ctx, model.Refused)
}

// describeBack says what a rollback would do.
func (r *run) describeBack() {
	p := newPlanReport(r)
	r.report.Plan = p
	back := r.release.Back
	if back == nil {
		return
	}
	there := r.of(r.release.To)
	for _, k := range back.Kept {
		i := slices.IndexFunc(there, func(c model.Container) bool { return c.Name == k.Name && back.Owns(c) })
		switch {
		case i < 0:
			p.Create = append(p.Create, fmt.Sprintf("%s of image %.19s", k.Name, k.Digest))
		case !there[i].Running:
			p.Start = append(p.Start, k.Name)
		}
	}
	for _, c := range r.foreignContainers() {
		p.Replace = append(p.Replace, c.Name)
	}
	r.describeStop(p)
	r.describeGate(p)
}
