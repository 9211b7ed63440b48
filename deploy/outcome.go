package deploy

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

// outcome writes how a run ended into its report. No other place knows which error means which outcome.
func (r *run) outcome(ctx context.Context, err error) *report.Report {
	if err == nil {
		return r.report.Finish(r.success())
	}
	r.report.Message = err.Error()
	if errors.Is(context.Cause(ctx), model.ErrLeaseLost) && !errors.Is(err, model.ErrLeaseLost) { // "context canceled" does not say why
		r.report.Message = context.Cause(ctx).Error() + "; " + r.report.Message
	}
	if reasons := model.ReasonsOf(err); len(reasons) > 0 {
		r.report.Reasons = reasons
	}
	var (
		manual *model.ManualActionError
		failed *model.NotSwitchedError
		signal *InterruptedError
	)
	if errors.As(err, &failed) && len(r.report.Reasons) == 0 {
		r.report.Reasons = []model.Reason{failed.Reason}
	}
	switch {
	case errors.As(err, &manual):
		r.report.Run = manual.Run
		return r.report.Finish(model.NeedsPerson)
	case errors.As(err, &signal), errors.As(context.Cause(ctx), &signal):
		return r.interrupted(signal)
	case r.stage == promoted:
		r.report.Message = fmt.Sprintf("%s is live, and %s still runs: %v", r.plan.Release.To, plan.OrNone(r.plan.From), err)
		r.report.Run = "bluegate settle"
		return r.report.Finish(model.NeedsPerson)
	case r.stage == rolledBack:
		return r.report.Finish(model.RolledBack)
	case failed != nil, model.Is[*model.RefusedError](err):
		return r.report.Finish(model.Refused)
	case model.Is[*model.InvalidError](err) && r.stage >= changing: // its code says that nothing was changed
		return r.report.Finish(model.Refused)
	case model.Is[*model.InvalidError](err):
		return r.report.Finish(model.Malformed)
	case model.Is[*model.LockedError](err):
		return r.report.Finish(model.Locked)
	case model.Is[*model.UnreachableError](err) && r.stage >= changing:
		return r.report.Finish(model.Refused)
	case model.Is[*model.UnreachableError](err):
		return r.report.Finish(model.Unreachable)
	}
	return r.report.Finish(model.Failed)
}

func (r *run) success() model.Outcome {
	switch {
	case r.drilled != "":
		return r.drilled
	case r.stage == waiting:
		return model.Waiting
	case r.command == "abort":
		return model.OK
	case r.plan.First:
		return model.Started
	}
	return model.Promoted
}

// interrupted keeps the exit code of the signal. If something is left after the switch, it names the command that
// finishes it.
func (r *run) interrupted(signal *InterruptedError) *report.Report {
	r.report.Finish(model.Interrupted)
	r.report.ExitCode = 128 + signal.Signal
	r.report.Message = signal.Error() + "; what was begun was undone"
	if still := r.leftWaits(); still != "" {
		r.report.Message = signal.Error() + "; " + still
	}
	if r.stage == promoted {
		r.report.Message = fmt.Sprintf("%s; %s is live, and %s still runs", signal, r.plan.Release.To, r.plan.From)
		r.report.Run = "bluegate settle"
	}
	return r.report
}
