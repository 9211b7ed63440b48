package deploy

import (
	"fmt"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// state judges what was observed.
func (r *run) state() report.State {
	switch {
	case r.report.Live != model.None:
		return report.StateLive
	case len(r.containers) == 0 && len(r.journal.Releases) == 0 && r.journal.Current == nil:
		return report.StateNothing
	case r.route.State == model.RouterStopped, !r.runs(model.Blue) && !r.runs(model.Green):
		return report.StateDown
	case r.route.State == model.RouterRunning && r.route.Refusal == nil && r.route.Names != model.None: // by a colour that does not run
		return report.StateDown
	}
	return report.StateUnknown
}

// concludeStatus gives each state its words and its exit code.
func (r *run) concludeStatus() *report.Report {
	status := r.report
	status.State = r.state()
	if len(r.journal.Releases) > 0 {
		rec := r.journal.Releases[0]
		status.LastProven = &report.LastProven{Colour: rec.Colour, Release: rec.Release}
		if !rec.At.IsZero() {
			status.LastProven.At = &rec.At
		}
	}
	switch status.State {
	case report.StateLive:
		return status.Finish(model.OK)
	case report.StateNothing:
		status.Message = "nothing of the application is on this engine: " + status.LiveBy
		return status.Finish(model.OK)
	}
	status.Message = fmt.Sprintf("%s%s: %s", status.State, status.LastProven.Words(), status.LiveBy)
	status.Run = "bluegate doctor"
	if r.journal.Current != nil {
		status.Run = "bluegate settle"
	}
	switch {
	case r.route.State != model.RouterRunning:
		return status.Finish(model.Unreachable)
	case status.State == report.StateDown:
		return status.Finish(model.NotHealthy)
	}
	return status.Finish(model.NeedsPerson)
}
