package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Settle finishes or undoes what an earlier run left behind: a killed one, or one that ended while the old colour was
// still draining.
func (d *Deployer) Settle(ctx context.Context) *Report {
	r := d.begin("settle")
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := r.settleOnly(ctx, cancel)
	report := r.conclude(ctx, err)
	if err == nil {
		report.Finish(Settled)
	}
	return report
}

func (r *run) settleOnly(ctx context.Context, lost context.CancelCauseFunc) error {
	if err := r.load(ctx); err != nil {
		return err
	}
	defer r.unlock(ctx)
	if err := r.step(ctx, "lock", func(ctx context.Context) error { return r.lock(ctx, lost) }); err != nil {
		return err
	}
	if err := r.step(ctx, "settle", r.settle); err != nil {
		return err
	}
	if r.report.Message == "" {
		r.report.Message = "nothing was left to settle"
	}
	return r.step(ctx, "observe", r.observe)
}

// settle reads what was under way and asks what is true; the second decides.
func (r *run) settle(ctx context.Context) error {
	if err := r.Ledger.Sweep(ctx, r.app.Project); err != nil {
		return err
	}
	e := r.journal.Current
	if e == nil {
		return nil
	}
	if err := r.observe(ctx); err != nil {
		return err
	}
	own := *r.Deployer
	own.Settings.Keep = e.Keep
	left := &run{
		Deployer: &own, report: NewReport("settle"), journal: r.journal, leases: r.leases, app: r.app, dir: r.dir,
		route: r.route, containers: r.containers, release: Release{ID: e.Release, To: e.To, Model: r.app.Models[e.To]},
	}
	left.report.From, left.report.To = e.From, e.To
	said, err := left.settleEntry(ctx, e)
	if errors.Is(err, errDrain) && r.release.ID != "" {
		return Refuse(StillDraining, "%s is live since release %s, and %s, which this deployment needs, is still draining: %v; wait until the old workers have ended, then run `bluegate settle`", e.To, e.Release, orNone(e.From), err)
	}
	if err != nil {
		return &PersonError{Err: fmt.Errorf("settle release %s (%s to %s, left in phase %q): %w", e.Release, orNone(e.From), e.To, e.Phase, err), Run: "bluegate settle"}
	}
	r.journal = left.journal
	r.report.Pruned.Containers = append(r.report.Pruned.Containers, left.report.Pruned.Containers...)
	r.report.Pruned.Images = append(r.report.Pruned.Images, left.report.Pruned.Images...)
	r.note(left.report.Findings...)
	if r.report.Command == "settle" {
		r.report.Message = said
	}
	r.note(Finding{Code: "settled", Message: said})
	r.Progress.Say("%s", said)
	return nil
}

// settleEntry does what the truth asks for, and says it.
func (r *run) settleEntry(ctx context.Context, e *Entry) (string, error) {
	phase := e.Phase
	if phase == PhaseSwitching {
		loaded, err := r.settleSwitch(ctx, e)
		if err != nil {
			return "", err
		}
		if loaded {
			phase = PhaseSwitched
		}
	}
	if phase != PhaseSwitched {
		// Workers that had taken the change for a moment may still answer from the release.
		if phase == PhaseSwitching && r.route.State == RouterRunning {
			drain, cancel := context.WithTimeout(ctx, r.Settings.DrainTimeout)
			defer cancel()
			if err := r.Router.Drain(drain, func(int) {}); err != nil {
				return "", fmt.Errorf("workers that may serve the release have not ended: %w", err)
			}
		}
		if err := r.removeRelease(ctx); err != nil {
			return "", err
		}
		return fmt.Sprintf("release %s of %s had not passed when its deployment ended: it was removed, and %s was not touched", e.Release, e.To, orNone(e.From)), nil
	}
	if err := r.finishRetirement(ctx, e); err != nil {
		return "", err
	}
	return fmt.Sprintf("release %s of %s is live: what its deployment had left of %s was retired", e.Release, e.To, orNone(e.From)), nil
}

// settleSwitch says whether nginx serves the change of an entry; if not, the old configuration is back afterwards.
func (r *run) settleSwitch(ctx context.Context, e *Entry) (loaded bool, err error) {
	if e.Change == nil || e.Change.Empty() {
		return r.route.Names == e.To && r.route.State == RouterRunning, nil
	}
	lease, err := r.take(ctx, "nginx-"+short(r.route.ID), switchWait)
	if err != nil {
		return false, err
	}
	defer r.giveBack(context.WithoutCancel(ctx), lease)
	fate, err := r.Router.Compare(ctx, *e.Change)
	if err != nil {
		return false, err
	}
	switch fate {
	case FateLoaded:
		if r.answers(e.To) {
			return true, nil
		} // else what nginx serves has ended, and the old colour is what it can go back to
	case FateGone:
		return false, fmt.Errorf("%s is not there any more, so what it served cannot be told; bring it back", e.Change.Nginx)
	case FateForeign:
		return false, fmt.Errorf("the configuration of %s was edited meanwhile: it holds neither what was there before the switch nor what the switch wrote, and is left as it is; make it name the live colour, reload nginx", e.Change.Nginx)
	}
	return false, r.Router.Restore(ctx, *e.Change)
}

// finishRetirement drains and stops what a deployment left of the old colour, unless nginx names it again.
func (r *run) finishRetirement(ctx context.Context, e *Entry) error {
	if e.From == None || e.Keep == KeepRunning {
		return r.closeEntry(ctx, Promoted, nil)
	}
	if err := r.mayStop(r.route); err != nil {
		return err
	}
	if err := r.drain(ctx); err != nil {
		return err
	}
	old := slices.DeleteFunc(r.of(e.From), func(c Container) bool { return !c.Running && e.Keep != KeepRemoved })
	policies := map[string]string{}
	for _, c := range old {
		policies[c.Name] = c.RestartPol
	}
	bounded, cancelStop := context.WithTimeout(ctx, undoLimit)
	defer cancelStop()
	if err := r.takeLeave(bounded, old, e.Keep); err != nil {
		return err
	}
	return r.closeEntry(ctx, Promoted, policies)
}

func orNone(c Colour) string {
	if c == None {
		return "no colour"
	}
	return string(c)
}

// leftBehind says, for commands that only look, what an earlier run left.
func leftBehind(j Journal) []Finding {
	if j.Current == nil {
		return nil
	}
	e := j.Current
	return []Finding{{Code: "left-behind", Message: fmt.Sprintf("release %s (%s to %s) was begun at %s and ended in phase %q without being finished; `bluegate settle`, or the next deployment, finishes or undoes it",
		e.Release, orNone(e.From), e.To, e.Began.UTC().Format(time.RFC3339), e.Phase)}}
}
