package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/deploy/stage"
)

// undoLimit is the longest time that an undo may take.
const undoLimit = 3 * time.Minute

// abandon undoes what the run did: it points nginx back if it serves the release, removes the release with its images,
// and makes sure that the old colour serves. It works on a context of its own, for at most undoLimit, and ends before another
// client may take the project's lock. It returns the error that led here; an error of the undo is added to it and never
// replaces it.
func (r *run) abandon(ctx context.Context, cause error) error {
	ctx, cancel := r.whileLocked(ctx, undoLimit)
	defer cancel()
	began, change := time.Now(), r.change() // the entry that has it is going to be closed
	undo := &report.Undo{Name: "abandon", Status: "ok"}
	var failed *model.NotSwitchedError
	served := r.stage == stage.Switched
	switch {
	case served:
		undo.Name = "rollback"
	case errors.As(cause, &failed) && failed.Applied:
		undo.Name, r.stage = "rollback", stage.RolledBack
	}
	r.Progress.Step(undo.Name)
	r.report.Undo = undo
	var err error
	if served { // users first: the evidence is still there a second later
		err = r.rollBack(ctx)
	}
	r.addLogs(ctx, model.ReasonsOf(cause))
	if err == nil {
		err = model.RetryWhileUnreachable(ctx, engineBack, func() error { return r.undo(ctx, failed) })
	}
	undo.MS = time.Since(began).Milliseconds()
	if err != nil {
		undo.Status, undo.Error = "failed", err.Error()
		return &model.ManualActionError{Err: errors.Join(cause, fmt.Errorf("%s: %w", undo.Name, err)), Run: "bluegate settle"}
	}
	if err := r.ensureOldServes(ctx, change); err != nil {
		return &model.ManualActionError{Err: errors.Join(cause, err), Run: "bluegate health"}
	}
	return cause
}

// addLogs adds the end of each bad container's log to its reason. The log goes with the container.
func (r *run) addLogs(ctx context.Context, reasons []model.Reason) {
	for i := range reasons {
		if id := reasons[i].ContainerID; id != "" {
			if tail, err := r.Stack.LogTail(ctx, id, evidenceLines); err == nil {
				reasons[i].LogTail = tail
			}
		}
	}
}

// undo removes the release, once no worker is left that may answer from it. Where the old configuration could not be brought
// back, the release stays: nginx may serve it.
func (r *run) undo(ctx context.Context, failed *model.NotSwitchedError) error {
	if failed != nil && failed.Restored != nil {
		r.setLive(model.None, "the old configuration could not be brought back, so what nginx serves was not proven")
		return fmt.Errorf("the old configuration could not be brought back, so the release keeps running: %w", failed.Restored)
	}
	if r.stage == stage.RolledBack {
		if err := r.drainRelease(ctx); err != nil {
			return err
		}
	}
	return r.removeRelease(ctx)
}

// drainRelease waits until no worker is left that may still answer from a release which did not pass.
func (r *run) drainRelease(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.Settings.DrainTimeout)
	defer cancel()
	release, err := r.ofRelease(ctx)
	if err != nil {
		return err
	}
	if err := r.nginx.Drain(ctx, release, func(model.DrainStatus) {}); err != nil {
		return fmt.Errorf("workers that serve the new colour have not ended: %w", err)
	}
	return nil
}

// removed adds containers to the report, each name once: a release's containers have the names of those that they
// replaced.
func (r *run) removed(containers []model.Container) {
	for _, c := range containers {
		if !slices.Contains(r.report.Pruned.Containers, c.Name) {
			r.report.Pruned.Containers = append(r.report.Pruned.Containers, c.Name)
		}
	}
}

// notSwitchedByHand holds the first rule for a release that did not pass: it is an error if someone pointed nginx at
// the release since, or may have done so. An nginx that cannot be asked is not a reason to keep a release that it was never
// switched to. Before a first deployment nginx may have named the colour all the time.
func (r *run) notSwitchedByHand(ctx context.Context, release []model.Container) error {
	if r.plan.From == model.None {
		return nil
	}
	route, err := r.observeRoute(ctx)
	if err != nil {
		return nil
	}
	if err := r.plan.PointedAt(route); err != nil {
		return err
	}
	err = r.plan.MayBeServed(route)
	if err == nil || len(release) == 0 {
		return nil
	}
	r.setLive(model.None, fmt.Sprintf("the configuration of %s was edited, and which colour it names cannot be told", route.Nginx))
	return err
}

// removeRelease removes a release that did not pass, with the images that it brought, and closes the journal's entry. A release
// that a rollback started is stopped, and stays. Before anything is removed, nginx is asked whether it may lead users there;
// if it may, or if that cannot be told, the release stays, which is an error. It can be repeated.
func (r *run) removeRelease(ctx context.Context) error {
	if r.plan.Release.Back != nil {
		return r.stopRestored(ctx)
	}
	containers, err := r.ofRelease(ctx)
	if err != nil {
		return err
	}
	if err := r.sendTestersAway(ctx); err != nil {
		return err
	}
	if err := r.notSwitchedByHand(ctx, containers); err != nil {
		return err
	}
	if err := r.noUsersOnWaited(ctx, containers); err != nil {
		return err
	}
	if err := r.holdNames(ctx, r.plan.Release.To); err != nil {
		return err
	}
	if err := r.despiteHooks(r.Stack.Remove(ctx, containers)); err != nil {
		return err
	}
	r.removed(containers)
	var brought []model.PulledImage
	if r.journal.Current != nil {
		brought = r.journal.Current.Images
	}
	removed, err := r.Images.RemoveImages(ctx, brought)
	r.report.Pruned.Images = append(r.report.Pruned.Images, removed...)
	if err != nil {
		return err
	}
	if r.plan.Drill { // its images are those of the live colour
		return r.closeEntry(ctx, model.OK)
	}
	r.journal.Used(containers)
	return r.closeEntry(ctx, model.Refused)
}
