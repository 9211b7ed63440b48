package deploy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
	"bluegate/deploy/stage"
)

// wait ends a deployment until the preview: both colours run, users are on the old one, and the journal says what waits
// and until when. Nothing of it is undone, and the next command finds it there.
func (r *run) wait(ctx context.Context) error {
	return r.step(ctx, "preview", func(ctx context.Context) error {
		if err := r.letTestersIn(ctx); err != nil {
			return err
		}
		containers, err := r.ofRelease(ctx)
		if err != nil {
			return err
		}
		passed, now := r.plan.Passed(r.seen.Application, containers), time.Now()
		if err := r.enter(ctx, model.PhaseWaiting, func(e *model.Entry) {
			e.Preview = &model.Preview{Since: now, Until: now.Add(r.Settings.PreviewTimeout), Passed: passed}
			if e.Testers != nil {
				e.Preview.Testers = r.Settings.Testers
			}
		}); err != nil {
			return err
		}
		r.stage = stage.Waiting
		r.report.Message = r.leftWaits()
		r.report.Run = "bluegate promote"
		return nil
	})
}

// leftWaits says which release waits, and notes it in the report; empty: none does.
func (r *run) leftWaits() string {
	e := r.journal.Current
	if !e.Waits() {
		return ""
	}
	r.report.Preview = report.NewPreview(e)
	return plan.WaitsWords(e, time.Now())
}

// leftWaiting says that the release of an entry continues to wait. A command that needs its colour is refused, unless it may
// replace the release. Once its time is over, nothing of this holds.
func (r *run) leftWaiting(ctx context.Context, e *model.Entry) (stays bool, err error) {
	if !e.Waits() || e.Preview.Over(time.Now()) && r.command != "abort" {
		return false, nil
	}
	about := slices.Contains([]string{"promote", "abort", "settle"}, r.command)
	if about && !r.Settings.Cut {
		return true, nil
	}
	if r.Settings.Replace {
		return false, nil
	}
	if err := r.observe(ctx); err != nil { // so that the refusal says what is live
		return true, err
	}
	return true, model.Refuse(model.PreviewPending, "%s; promote it (`bluegate promote`), or remove it (`bluegate abort`)", r.leftWaits())
}

// resume makes the release of an entry that waited the one that the run is about.
func (r *run) resume(e *model.Entry) {
	r.seen.Application = r.seen.Application.With(e.Preview.Passed.Model)
	r.seen.Addresses = model.NewAddresses(r.seen.Application)
	r.plan = plan.Waiting(e)
}

// noUsersOnWaited holds the first rule for a release that waited. In its time someone may have pointed nginx at it and back:
// then old workers may still answer from it. So all of them have to end, and nginx has to run a configuration that provably
// leads nobody to it.
func (r *run) noUsersOnWaited(ctx context.Context, release []model.Container) error {
	if !r.plan.Waited || !slices.ContainsFunc(release, model.Container.InUse) {
		return nil
	}
	if r.seen.Route.State == model.RouterRunning {
		if err := r.drainRelease(ctx); err != nil {
			return err
		}
	}
	route, err := r.observeRoute(ctx)
	if err != nil {
		return err
	}
	return r.seen.NothingLeadsTo(route, r.plan.Release.To)
}

// Abort removes the release that waits, with its images. Users never noticed it.
func (d *Deployer) Abort(ctx context.Context) *report.Report {
	r := d.begin("abort")
	return r.whole(ctx, r.abort)
}

// abort removes the release that waits by the same function as settling does, and only while nginx does not serve it.
func (r *run) abort(ctx context.Context, lost context.CancelCauseFunc) error {
	e, err := r.lockWaiting(ctx, lost)
	if err != nil {
		return err
	}
	left := r.leftBy(e)
	if err := left.observe(ctx); err != nil {
		return err
	}
	r.plan, r.seen = left.plan, left.seen
	r.setPlan(r.plan)
	if left.seen.Served() == e.To {
		return &model.ManualActionError{Err: fmt.Errorf("someone made %s live by hand, so release %s is not removed, and %s keeps running; promote it, or make nginx name %s, reload it, and abort again", e.To, e.Release, e.From, e.From), Run: "bluegate promote"}
	}
	return r.step(ctx, "abandon", func(ctx context.Context) error {
		said, err := left.settleUnpassed(ctx, e)
		if err == nil {
			err = left.holdNames(ctx, model.None)
		}
		if err != nil {
			return &model.ManualActionError{Err: fmt.Errorf("abort release %s of %s: %w", e.Release, e.To, err), Run: "bluegate abort"}
		}
		r.journal, r.report.Message = left.journal, said
		return nil
	})
}

// lockWaiting begins a command about the release that waits: it takes the lock, settles, and returns the entry.
func (r *run) lockWaiting(ctx context.Context, lost context.CancelCauseFunc) (*model.Entry, error) {
	done, err := r.lockAndSettle(ctx, lost)
	if err != nil {
		return nil, err
	}
	e := r.journal.Current
	switch {
	case e.Waits():
		r.report.Release = e.Release
		return e, nil
	case done.waited:
		return nil, model.Refuse(model.PreviewOver, "%s; deploy it again", done.said)
	}
	return nil, model.Invalid("no release waits to be promoted; `bluegate deploy --until preview` starts one")
}

// Promote makes the release live that waits: gate and checks are asked again, and then it goes the way of any deployment.
func (d *Deployer) Promote(ctx context.Context) *report.Report {
	r := d.begin("promote")
	return r.whole(ctx, r.promoteWaiting)
}

// promoteWaiting asks everything again: since the release passed, someone may have recreated a container, switched nginx, or
// changed its files.
func (r *run) promoteWaiting(ctx context.Context, lost context.CancelCauseFunc) error {
	e, err := r.lockWaiting(ctx, lost)
	if err != nil {
		return err
	}
	r.resume(e)
	if err := r.step(ctx, "observe", r.observe); err != nil {
		return err
	}
	if r.seen.Served() == e.To {
		return r.promoteServed(ctx, e)
	}
	if err := r.step(ctx, "plan", func(ctx context.Context) error { return r.planWaiting(ctx, e) }); err != nil {
		return err
	}
	return r.orAbandon(ctx, func() error {
		// What did not pass is removed, as in any deployment. After anything else it waits on: nothing was changed.
		err := r.passAgain(ctx, e)
		if err == nil || model.Is[*model.RefusedError](err) {
			r.stage = stage.Changing
		}
		if err != nil {
			return err
		}
		return r.goLive(ctx, time.Time{})
	})
}

// planWaiting plans the switch to the release that waits, by what is true now.
func (r *run) planWaiting(ctx context.Context, e *model.Entry) error {
	r.note(r.seen.Application.Findings...)
	p, err := plan.ChooseWaiting(r.seen, e)
	if r.setPlan(p); err != nil {
		return err
	}
	return r.completePlan(ctx)
}

// passAgain takes a release that runs already through the gate, the checks and the hooks before the switch.
func (r *run) passAgain(ctx context.Context, e *model.Entry) error {
	if changed := plan.Changed(e.Preview.Passed, r.seen.Of(e.To)); len(changed) > 0 {
		return &model.RefusedError{Reasons: changed}
	}
	if err := r.restorePolicies(ctx); err != nil {
		return err
	}
	r.Progress.Step("gate")
	if _, err := r.gate(ctx, r.plan.StillExpected(), nil); err != nil {
		return err
	}
	if err := r.checks(ctx); err != nil {
		return err
	}
	return r.before(ctx, model.BeforeSwitch)
}

// promoteServed is promote where someone made nginx serve the release by hand. Users are on it, so that nothing is switched
// and nothing is undone: the old colour retires, as after any switch.
func (r *run) promoteServed(ctx context.Context, e *model.Entry) error {
	r.setPlan(r.plan)
	reasons, err := r.healthOf(ctx, e.To)
	if err != nil {
		return err
	}
	by := fmt.Sprintf("someone made %s live by hand while release %s waited", e.To, e.Release)
	if len(reasons) > 0 {
		return &model.ManualActionError{Err: fmt.Errorf("%s, and it is not healthy, so %s keeps running: %w", by, e.From, &model.RefusedError{Reasons: reasons}), Run: "bluegate health"}
	}
	r.note(model.Finding{Code: "switched-by-hand", Message: by + "; nothing was left to switch"})
	r.stage = stage.Switched
	if err := r.promote(ctx); err != nil {
		return err
	}
	return r.retire(ctx, r.step)
}
