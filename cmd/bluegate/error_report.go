package main

import (
	"context"
	"errors"

	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// errorReport returns the report of a command that failed before it asked the engine.
func errorReport(ctx context.Context, name string, err error) *report.Report {
	r := report.NewReport(name)
	r.Message = err.Error()
	var (
		invalid *model.InvalidError
		silent  *model.UnreachableError
		signal  *deploy.InterruptedError
	)
	switch {
	case errors.As(context.Cause(ctx), &signal):
		r.Finish(model.Interrupted)
		r.Message, r.ExitCode = signal.Error()+"; nothing was started", 128+signal.Signal
		return r
	case errors.As(err, &invalid):
		return r.Finish(model.Malformed)
	case errors.As(err, &silent):
		return r.Finish(model.Unreachable)
	}
	return r.Finish(model.Failed)
}
