package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/watch"
	"bluegate/watch/history"
	"bluegate/watch/notify"
)

// notifyTargets are the targets of the section notify, and what keeps the others from being told.
func (c *command) notifyTargets(o config.Options) ([]notify.Target, []model.Finding, error) {
	var targets []notify.Target
	var findings []model.Finding
	for i, n := range o.Notify {
		if n.Finding != nil {
			findings = append(findings, *n.Finding)
			continue
		}
		t, err := notify.NewTarget(n.URL, n.On, n.Remind)
		if err != nil {
			return nil, nil, model.Invalid("notify[%d]: %v", i, err)
		}
		if slices.ContainsFunc(targets, func(other notify.Target) bool { return other.Name == t.Name }) {
			return nil, nil, model.Invalid("notify[%d]: the address is that of another entry; put all kinds of events into one", i)
		}
		targets = append(targets, t)
	}
	return targets, findings, nil
}

// notify sends a message to every target, to see that it arrives.
func (c *command) notify(ctx *cli.Context) error {
	if err := c.output(ctx); err != nil {
		return err
	}
	if ctx.NArg() != 1 || ctx.Args().First() != "test" {
		return model.Invalid("write bluegate notify test: it sends a message to each address of the section notify")
	}
	o, err := c.options(ctx)
	if err != nil {
		return err
	}
	targets, findings, err := c.notifyTargets(o)
	switch {
	case err != nil:
		return err
	case len(findings) > 0:
		return model.Invalid("%s: %s", findings[0].Place, findings[0].Message)
	case len(targets) == 0:
		return model.Invalid("nobody is to be told: bluegate.yml has no section notify")
	}
	project := o.Compose.Name
	if project == "" {
		project, _ = c.projectOf(o) // a test does not need it
	}
	now := time.Now()
	e := watch.Event{ID: watch.NewID(now), Kind: notify.EventTest, Project: project, At: now, Since: now, Why: "If you can read this, notifications arrive."}
	c.report = tested(c.ctx, targets, e)
	return nil
}

// tested sends an event to every target at the same time, and reports each one as a step.
func tested(ctx context.Context, targets []notify.Target, e watch.Event) *report.Report {
	r := report.NewReport("notify")
	r.Project = e.Project
	var mu sync.Mutex
	var all sync.WaitGroup
	var failed []string
	for _, t := range targets {
		all.Go(func() {
			began := time.Now()
			err := t.Send(ctx, e)
			mu.Lock()
			defer mu.Unlock()
			r.AddStep(t.Name, began, err)
			if err != nil {
				failed = append(failed, err.Error())
			}
		})
	}
	all.Wait()
	if len(failed) > 0 {
		slices.Sort(failed)
		r.Message = fmt.Sprintf("%d of %d messages did not arrive: %s", len(failed), len(targets), strings.Join(failed, "; "))
		return r.Finish(model.Unreachable)
	}
	r.Message = fmt.Sprintf("%s sent and accepted", model.Count(len(targets), "message"))
	return r.Finish(model.OK)
}

// outcomeKinds are the outcomes of a deployment that people can be told of.
var outcomeKinds = map[model.Outcome]watch.EventKind{
	model.Promoted: watch.EventPromoted, model.Started: watch.EventPromoted, model.Refused: watch.EventRefused,
	model.RolledBack: watch.EventRolledBack, model.NeedsPerson: watch.EventNeedsPerson,
}

// tellLimit is how long the process lives on to tell people, after its report was printed.
const tellLimit = 5 * time.Second

// tellOutcome tells people how a deployment ended, after its report was printed. It changes nothing of the result. What
// does not arrive in time is left to a watch that uses the same history.
func (c *command) tellOutcome(o config.Options, r *report.Report) {
	e, told := outcomeEvent(r, time.Now())
	if !told || len(o.Notify) == 0 {
		return
	}
	targets, _, err := c.notifyTargets(o)
	if err != nil {
		fmt.Fprintf(c.Stderr, "bluegate: nobody is told of the outcome: %s\n", c.mask.Text(err.Error()))
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), tellLimit)
	defer cancel()
	failed := notify.SendAll(ctx, targets, e)
	if len(failed) == 0 {
		return
	}
	left := c.leaveToWatch(o, r.Project, e, failed)
	for _, err := range failed {
		fmt.Fprintf(c.Stderr, "bluegate: not told of the outcome: %s%s\n", c.mask.Text(err.Error()), left)
	}
}

// leaveToWatch writes what was not sent into the history of a watch, if there is one, and says so.
func (c *command) leaveToWatch(o config.Options, project string, e watch.Event, failed map[string]error) string {
	path, err := historyPath(o, project, c.Getenv)
	if err != nil {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		return "" // there is no watch
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), tellLimit)
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
	if !told || r.DryRun || r.Command != "deploy" && r.Command != "rollback" && r.Command != "settle" {
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
