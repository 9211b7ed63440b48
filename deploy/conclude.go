package deploy

import (
	"context"
	"errors"
	"fmt"
)

// InterruptedError is the cause of a context that a signal cancelled.
type InterruptedError struct {
	Signal int
	Name   string
}

func (e *InterruptedError) Error() string { return "interrupted by " + e.Name }

// conclude turns how a run ended into its report. This is the only place that knows which error means which outcome.
func (r *run) conclude(ctx context.Context, err error) *Report {
	if err == nil {
		return r.report.Finish(r.success())
	}
	r.report.Message = err.Error()
	if errors.Is(context.Cause(ctx), ErrLeaseLost) && !errors.Is(err, ErrLeaseLost) { // "context canceled" tells nobody why
		r.report.Message = context.Cause(ctx).Error() + "; " + r.report.Message
	}
	if reasons := reasonsOf(err); len(reasons) > 0 {
		r.report.Reasons = reasons
	}
	var (
		person   *PersonError
		failed   *NotSwitchedError
		refused  *RefusedError
		invalid  *InvalidError
		locked   *LockedError
		silent   *UnreachableError
		signal   *InterruptedError
		stranded = r.report.Undo != nil && r.report.Undo.Status != "ok"
	)
	if errors.As(err, &failed) && len(r.report.Reasons) == 0 {
		r.report.Reasons = []Reason{failed.Reason}
	}
	switch {
	case errors.As(err, &person):
		r.report.Run = person.Run
		return r.report.Finish(NeedsPerson)
	case stranded:
		return r.report.Finish(NeedsPerson)
	case errors.As(err, &signal), errors.As(context.Cause(ctx), &signal):
		return r.interrupted(signal)
	case r.promoted:
		r.report.Message = fmt.Sprintf("%s is live, and %s still runs: %v", r.release.To, orNone(r.report.From), err)
		r.report.Run = "bluegate settle"
		return r.report.Finish(NeedsPerson)
	case r.applied:
		return r.report.Finish(RolledBack)
	case errors.As(err, &failed), errors.As(err, &refused):
		return r.report.Finish(Refused)
	case errors.As(err, &invalid):
		return r.report.Finish(Malformed)
	case errors.As(err, &locked):
		return r.report.Finish(Locked)
	case errors.As(err, &silent) && r.touched:
		return r.report.Finish(Refused)
	case errors.As(err, &silent):
		return r.report.Finish(Unreachable)
	}
	return r.report.Finish(Failed)
}

func (r *run) success() Outcome {
	if r.first {
		return Started
	}
	return Promoted
}

// interrupted keeps the exit code of the signal. What is left after the switch is said, with the command that does it.
func (r *run) interrupted(signal *InterruptedError) *Report {
	r.report.Finish(Interrupted)
	r.report.ExitCode = 128 + signal.Signal
	r.report.Message = signal.Error() + "; what was begun was undone"
	if r.promoted {
		r.report.Message = fmt.Sprintf("%s; %s is live, and %s still runs", signal, r.release.To, r.report.From)
		r.report.Run = "bluegate settle"
	}
	return r.report
}
