package stage

import (
	"context"
	"errors"
	"fmt"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
)

// InterruptedError is the cause of a context that a signal cancelled.
type InterruptedError struct {
	Signal int
	Name   string
}

func (e *InterruptedError) Error() string { return "interrupted by " + e.Name }

// Ended is a run that has ended.
type Ended struct {
	Stage    Stage
	Success  model.Outcome // if there was no error
	From, To model.Colour
	// Waits says which release waits to be promoted; empty: none does.
	Waits func() string
}

// Report writes how the run ended into its report: its outcome, the exit code, and what a person is to do. ctx is the run's
// own: its cause may be a signal, or a lock that was lost. No other place knows which error means which outcome.
func (e Ended) Report(ctx context.Context, err error, r *report.Report) *report.Report {
	if err == nil {
		return r.Finish(e.Success)
	}
	r.Message = err.Error()
	if errors.Is(context.Cause(ctx), model.ErrLeaseLost) && !errors.Is(err, model.ErrLeaseLost) { // "context canceled" does not say why
		r.Message = context.Cause(ctx).Error() + "; " + r.Message
	}
	if reasons := model.ReasonsOf(err); len(reasons) > 0 {
		r.Reasons = reasons
	}
	var (
		manual *model.ManualActionError
		failed *model.NotSwitchedError
		signal *InterruptedError
	)
	if errors.As(err, &failed) && len(r.Reasons) == 0 {
		r.Reasons = []model.Reason{failed.Reason}
	}
	switch {
	case errors.As(err, &manual):
		r.Run = manual.Run
		return r.Finish(model.NeedsPerson)
	case errors.As(err, &signal), errors.As(context.Cause(ctx), &signal):
		return e.interrupted(signal, r)
	case e.Stage == Promoted:
		r.Message = fmt.Sprintf("%s is live, and %s still runs: %v", e.To, plan.OrNone(e.From), err)
		r.Run = "bluegate settle"
		return r.Finish(model.NeedsPerson)
	case e.Stage == RolledBack:
		return r.Finish(model.RolledBack)
	case failed != nil, model.Is[*model.RefusedError](err):
		return r.Finish(model.Refused)
	case model.Is[*model.InvalidError](err) && e.Stage >= Changing: // its code says that nothing was changed
		return r.Finish(model.Refused)
	case model.Is[*model.InvalidError](err):
		return r.Finish(model.Malformed)
	case model.Is[*model.LockedError](err):
		return r.Finish(model.Locked)
	case model.Is[*model.UnreachableError](err) && e.Stage >= Changing:
		return r.Finish(model.Refused)
	case model.Is[*model.UnreachableError](err):
		return r.Finish(model.Unreachable)
	}
	return r.Finish(model.Failed)
}

// interrupted keeps the exit code of the signal. If something is left after the switch, it names the command that
// finishes it.
func (e Ended) interrupted(signal *InterruptedError, r *report.Report) *report.Report {
	r.Finish(model.Interrupted)
	r.ExitCode = 128 + signal.Signal
	r.Message = signal.Error() + "; what was begun was undone"
	if still := e.Waits(); still != "" {
		r.Message = signal.Error() + "; " + still
	}
	if e.Stage == Promoted {
		r.Message = fmt.Sprintf("%s; %s is live, and %s still runs", signal, e.To, e.From)
		r.Run = "bluegate settle"
	}
	return r
}
