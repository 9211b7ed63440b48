package watching

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"bluegate/cmd/bluegate/config"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/watch"
	"bluegate/watch/history"
	"bluegate/watch/notify"
)

// outcomeKinds are the outcomes of a deployment that people can be told of.
var outcomeKinds = map[model.Outcome]watch.EventKind{
	model.Promoted: watch.EventPromoted, model.Started: watch.EventPromoted, model.Refused: watch.EventRefused,
	model.Waiting: watch.EventWaiting, model.RolledBack: watch.EventRolledBack, model.NeedsPerson: watch.EventNeedsPerson,
}

// tellLimit is how long the process lives on to tell people, after its report was printed.
const tellLimit = 5 * time.Second

// TellOutcome tells people how a deployment ended, after its report was printed. It changes nothing of the result. What
// does not arrive in time is left to a watch that uses the same history.
func (p Process) TellOutcome(ctx context.Context, o config.Options, r *report.Report) {
	e, told := outcomeEvent(r, time.Now())
	if !told || len(o.Notify) == 0 {
		return
	}
	targets, _, err := Targets(o)
	if err != nil {
		fmt.Fprintf(p.Out, "bluegate: nobody is told of the outcome: %s\n", p.Mask.Text(err.Error()))
		return
	}
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellLimit)
	defer cancel()
	failed := notify.SendAll(sending, targets, e)
	if len(failed) == 0 {
		return
	}
	left := p.leaveToWatch(ctx, o, r.Project, e, failed)
	for _, err := range failed {
		fmt.Fprintf(p.Out, "bluegate: not told of the outcome: %s%s\n", p.Mask.Text(err.Error()), left)
	}
}

// leaveToWatch writes what was not sent into the history of a watch, if there is one, and says so.
func (p Process) leaveToWatch(ctx context.Context, o config.Options, project string, e watch.Event, failed map[string]error) string {
	path, err := HistoryPath(o, project, p.Getenv)
	if err != nil {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		return "" // there is no watch
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellLimit)
	defer cancel()
	past, err := history.Open(ctx, path, history.Options{Brief: true})
	if err != nil {
		return ""
	}
	defer past.Close()
	var names []string
	for name := range failed {
		names = append(names, name)
	}
	if past.Queue(ctx, e, names) != nil {
		return ""
	}
	return "; bluegate watch will try again"
}

// outcomeEvent is what people are told of a deployment; false: nothing.
func outcomeEvent(r *report.Report, now time.Time) (watch.Event, bool) {
	kind, told := outcomeKinds[r.Outcome]
	if !told || r.DryRun || !slices.Contains([]string{"deploy", "rollback", "promote", "abort", "settle"}, r.Command) {
		return watch.Event{}, false
	}
	why := []string{}
	if r.Message != "" {
		why = append(why, r.Message)
	}
	for _, reason := range r.Reasons {
		why = append(why, reason.String())
	}
	subject := string(r.To)
	if subject == "" {
		subject = "the deployment"
	}
	id := r.Release + "-" + string(r.Outcome)
	if r.Release == "" {
		id = watch.NewID(now)
	}
	return watch.Event{ID: id, Kind: kind, Project: r.Project, Subject: subject, At: now, Since: now, Why: strings.Join(why, "\n"), Run: r.Run}, true
}
