package plan

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// NginxFindings are the facts about nginx that would refuse a deployment.
func (o Observation) NginxFindings() (found []model.Finding) {
	switch {
	case o.Route.Away != "":
		found = append(found, model.Finding{Code: "nginx-absent", Message: o.NginxAway()})
	case o.Route.State == model.RouterAbsent:
		if missing := o.Route.Missing; missing != nil {
			found = append(found, model.Finding{Code: "nginx-absent", Place: missing.Place, Message: fmt.Sprintf("%s; %s", missing, missing.Remedy())})
			break
		}
		found = append(found, model.Finding{Code: "nginx-absent", Message: o.noNginx()})
	case o.Route.State == model.RouterStopped:
		found = append(found, model.Finding{Code: "nginx-stopped", Message: o.Route.Nginx + " does not run"})
	}
	for _, reason := range append(model.ReasonsOf(o.Route.Refusal), model.ReasonsOf(o.Route.LeftOver)...) {
		found = append(found, model.Finding{Code: string(reason.Code), Message: reason.Message})
	}
	if o.Route.Draining > 0 {
		found = append(found, model.Finding{Code: "draining", Message: fmt.Sprintf("%d workers of an earlier configuration of %s still answer requests", o.Route.Draining, o.Route.Nginx)})
	}
	return found
}

// State is the one word for what users meet.
func (o Observation) State() report.State {
	switch {
	case o.Live.Colour != model.None:
		return report.StateLive
	case o.Route.Away != "":
		return report.StateUnknown
	case len(o.Containers) == 0 && len(o.Journal.Releases) == 0 && o.Journal.Current == nil:
		return report.StateNothing
	case o.Route.State == model.RouterStopped, !o.Runs(model.Blue) && !o.Runs(model.Green):
		return report.StateDown
	case o.Route.State == model.RouterRunning && o.Route.Refusal == nil && o.Route.Names != model.None: // by a colour that does not run
		return report.StateDown
	}
	return report.StateUnknown
}

// LeftBehind is the finding about an entry that was not finished. A release that waits was not left behind.
func LeftBehind(j model.Journal) []model.Finding {
	if j.Current == nil || j.Current.Waits() {
		return nil
	}
	e := j.Current
	return []model.Finding{{Code: "left-behind", Message: fmt.Sprintf("release %s (%s to %s) was begun at %s and ended in phase %q without being finished; `bluegate settle`, or the next deployment, finishes or undoes it",
		e.Release, OrNone(e.From), e.To, e.Began.UTC().Format(time.RFC3339), e.Phase)}}
}

// OrNone is the colour in a message.
func OrNone(c model.Colour) string { return cmp.Or(string(c), "no colour") }

// Conclude writes the state, its message and its exit code into the report of status.
func (o Observation) Conclude(status *report.Report) *report.Report {
	status.State, status.Canary = o.State(), o.Route.Canary
	if len(o.Journal.Releases) > 0 {
		rec := o.Journal.Releases[0]
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
	switch {
	case o.Journal.Current != nil:
		status.Run = "bluegate settle"
	case o.Route.State == model.RouterStopped && o.Route.Away == "" && o.Answers(o.Route.Names): // nothing else is missing
		status.Run = o.Route.Start
	default:
		status.Run = "bluegate doctor"
	}
	switch {
	case o.Route.State != model.RouterRunning, o.Route.Away != "":
		return status.Finish(model.Unreachable)
	case status.State == report.StateDown:
		return status.Finish(model.NotHealthy)
	}
	return status.Finish(model.NeedsPerson)
}

// RestartUndoes refuses an nginx whose restart would undo a switch, by what examining it has found.
func (o Observation) RestartUndoes(found []model.Finding) error {
	var undone []string
	for _, f := range found {
		if f.Code == model.RestartUndoes {
			undone = append(undone, f.Place)
		}
	}
	if len(undone) == 0 {
		return nil
	}
	return model.Refuse(model.NginxNotSwitched, "a restart of %s would undo a switch: what starts it writes %s again; keep what names the colour in a file of its own", o.Route.Nginx, strings.Join(undone, ", "))
}
