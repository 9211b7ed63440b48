package watching

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bluegate/cmd/bluegate/config"
	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/watch"
)

// Once measures every check one time. It binds no port, writes nothing and tells nobody.
func (p Process) Once(ctx context.Context, o config.Options) (*report.Report, error) {
	app, err := p.application(ctx, o)
	if err != nil {
		return nil, err
	}
	r := report.NewReport("watch")
	r.Findings = append(r.Findings, Findings(o)...)
	questions, asker := clientQuestions(o), watch.Asker(newAskAlone(o))
	var deploying *watch.Deploying
	if app != nil {
		defer app.end(ctx)
		look, err := app.Look(ctx)
		if err != nil {
			return nil, err
		}
		deploying = look.Deploying
		r.Project, r.Live, r.LiveBy, r.Containers = app.project, look.Live, look.LiveBy, app.seen.Of(look.Live)
		r.Checks = append(r.Checks, liveCheck(look))
		questions, asker = slices.Concat(look.Questions, questions), app
	}
	for _, m := range watch.Once(ctx, asker, &watch.Self{Reference: o.Watch.Reference}, questions) {
		r.Checks = append(r.Checks, checkOf(m, r.Live, deploying != nil))
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return conclude(r, deploying), nil
}

// conclude writes the outcome of one round.
func conclude(r *report.Report, deploying *watch.Deploying) *report.Report {
	bad := 0
	for _, one := range r.Checks {
		if !slices.Contains([]string{"ok", "deployment"}, one.Status) {
			bad++
		}
	}
	during := ""
	if deploying != nil {
		during = fmt.Sprintf("; a deployment is under way: %s by %s since %s", deploying.Command, deploying.By, deploying.Since.UTC().Format(time.RFC3339))
	}
	if bad > 0 {
		r.Message = fmt.Sprintf("%d of %d checks are not healthy%s", bad, len(r.Checks), during)
		return r.Finish(model.NotHealthy)
	}
	r.Message = fmt.Sprintf("%s healthy%s", model.Count(len(r.Checks), "check"), during)
	return r.Finish(model.OK)
}

// liveCheck is the health of the live colour as a check.
func liveCheck(l watch.Look) report.Check {
	one := report.Check{Check: watch.Live, During: "watch", Colour: l.Live, From: check.Client, Status: "ok", Asked: 1, Passed: 1}
	why := l.Trouble()
	switch {
	case l.Deploying != nil:
		one.Status = "deployment"
	case why != "":
		one.Status, one.Passed, one.Message = "failed", 0, why
	case l.Live == model.None:
		one.Status, one.Passed, one.Message = "unknown", 0, l.Doubt
	}
	return one
}

// checkOf is one round of a check in the report. A deployment excuses what is the application's.
func checkOf(m watch.Measured, live model.Colour, deploying bool) report.Check {
	one := report.Check{
		Check: m.Question.Name, During: "watch", From: m.Question.From, Container: m.Question.Container.Name,
		Asked: m.Asked, Passed: m.Good, MS: m.Times, Message: m.Why,
		Status: map[watch.Verdict]string{watch.Healthy: "ok", watch.Degraded: "degraded", watch.Down: "failed", watch.Unknown: "unknown"}[m.Verdict],
	}
	if m.Question.OfApplication {
		one.Colour = live
		if deploying && one.Status != "ok" {
			one.Status = "deployment"
		}
	}
	return one
}
