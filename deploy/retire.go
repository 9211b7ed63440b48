package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
)

// retire ends the old colour: it waits until no request is on it, stops it, and closes the run. A colour that is to be kept
// running continues, and so does what is open to it. Nothing of this is undone.
func (r *run) retire(ctx context.Context, step func(context.Context, string, func(context.Context) error) error) error {
	if r.plan.From == model.None {
		return r.finish(ctx)
	}
	if err := step(ctx, "keep", r.keep); err != nil {
		return r.lostInRetirement(ctx, err)
	}
	if r.plan.Keep == model.KeepRunning { // nothing is stopped, so nothing has to have ended before
		return r.finish(ctx)
	}
	if err := step(ctx, "drain", r.drain); err != nil {
		return r.lostInRetirement(ctx, err)
	}
	if err := step(ctx, "retire", r.stopOld); err != nil {
		err = r.lostInRetirement(ctx, err)
		return &model.ManualActionError{Err: fmt.Errorf("%s was made live, but %s was not stopped: %w", r.plan.Release.To, r.plan.From, err), Run: "bluegate settle"}
	}
	return r.finish(ctx)
}

// noteOld journals what the old colour is, with the restart policies that its containers are about to lose.
func (r *run) noteOld(e *model.Entry) {
	if e.Old == nil && e.From != model.None {
		rec := r.seen.Record(e.From, model.NewReleaseID(time.Now()))
		if e.Old = &rec; e.Back != nil {
			e.Instead = rec.Release
		}
	}
}

// keep makes the engine hold what a rollback to the old colour needs. If that fails, the old colour is retired all the
// same.
func (r *run) keep(ctx context.Context) error {
	if r.journal.Current.Old == nil { // a run that was killed did not come to write it down
		if err := r.enter(ctx, model.PhaseSwitched, r.noteOld); err != nil {
			return err
		}
	}
	rec := *r.journal.Current.Old
	err := r.Archive.Keep(ctx, r.seen.Application.Project, rec)
	if err == nil || ctx.Err() != nil || model.Is[*model.UnreachableError](err) {
		return err
	}
	r.note(model.Finding{Code: "not-kept", Message: fmt.Sprintf("release %s can come back only as long as its containers are there: %v", rec.Release, err)})
	return nil
}

// stopOld stops the old colour. It is an error if someone pointed nginx back at it.
func (r *run) stopOld(ctx context.Context) error {
	route, err := r.observeRoute(ctx)
	if err != nil {
		return err
	}
	if err := r.plan.MayStop(route); err != nil {
		r.seen.Route = route
		_ = r.listContainers(ctx) // else as they were
		r.judgeLive()
		return err
	}
	if err := r.ensureServing(ctx, r.plan.Release.To); err != nil {
		return err
	}
	old := r.plan.ToStop(r.seen)
	r.seen.Route.Paired = route.Paired
	if err := r.holdNames(ctx, r.plan.From); err != nil {
		return err
	}
	began := time.Now()
	if err := r.despiteHooks(r.Stack.Retire(ctx, old)); err != nil {
		return err
	}
	r.note(r.seen.SlowStops(old, time.Since(began))...)
	if r.plan.Keep != model.KeepRemoved {
		return nil
	}
	r.removed(old)
	return r.despiteHooks(r.Stack.Remove(ctx, old))
}

// despiteHooks notes pre_stop hooks that failed. They keep no container: it was stopped or removed all the same.
func (r *run) despiteHooks(err error) error {
	var hooks *model.StopHookError
	if !errors.As(err, &hooks) {
		return err
	}
	r.note(model.Finding{Code: "pre-stop-failed", Message: hooks.Error() + "; the container was stopped all the same"})
	return nil
}

// finish prunes what is not needed any more, and closes the journal's entry.
func (r *run) finish(ctx context.Context) error {
	ctx, cancel := r.whileLocked(ctx, undoLimit)
	defer cancel()
	r.journal.Promote(r.journal.Current, time.Now())
	r.prune(ctx)
	if err := r.closeEntry(ctx, r.success()); err != nil {
		return &model.ManualActionError{Err: fmt.Errorf("%s is live, but the journal could not be closed: %w", r.plan.Release.To, err), Run: "bluegate settle"}
	}
	return nil
}

// pruneLimit is the longest time that pruning may take.
const pruneLimit = time.Minute

// prune removes what older releases left: only what this project's releases brought, and nothing uses. What cannot be
// removed is left to the next deployment.
func (r *run) prune(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pruneLimit)
	defer cancel()
	err := r.Archive.Forget(ctx, r.seen.Application.Project, r.journal.Recallable())
	if err == nil {
		var removed []string
		removed, r.journal.Brought, err = r.Images.Prune(ctx, r.journal.Brought)
		r.report.Pruned.Images = append(r.report.Pruned.Images, removed...)
	}
	if err != nil {
		r.note(model.Finding{Code: "not-pruned", Message: "what an older release left was not removed, and the next deployment tries again: " + err.Error()})
	}
}
