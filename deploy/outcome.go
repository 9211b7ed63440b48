package deploy

import (
	"context"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/deploy/stage"
)

// InterruptedError is the cause of a context that a signal cancelled.
type InterruptedError = stage.InterruptedError

// outcome writes how the run ended into its report.
func (r *run) outcome(ctx context.Context, err error) *report.Report {
	ended := stage.Ended{Stage: r.stage, Success: r.success(), From: r.plan.From, To: r.plan.Release.To, Waits: r.leftWaits}
	return ended.Report(ctx, err, r.report)
}

// success is the outcome of a run that ended without an error.
func (r *run) success() model.Outcome {
	switch {
	case r.drilled != "":
		return r.drilled
	case r.stage == stage.Waiting:
		return model.Waiting
	case r.command == "abort":
		return model.OK
	case r.plan.First:
		return model.Started
	}
	return model.Promoted
}
