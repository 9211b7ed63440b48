// Package asking asks the checks of a colour, each until it has passed or failed.
package asking

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/redact"
	"bluegate/deploy/report"
)

// Run is a check that is being asked, of one container where it is asked from there.
type Run struct {
	check.Check
	Container model.Container   // where it is asked from
	about     []model.Container // whose it is, as far as that is known
	report    report.Check
	times     check.Times
}

// Of are the checks of a colour, with the containers that each is about, and what is to be known of them. during is when
// they are asked, for the report.
func Of(o plan.Observation, during string, colour model.Colour, checks []check.Check, containers []model.Container) (all []*Run, said []model.Finding, err error) {
	for _, c := range checks {
		c, findings, err := o.WithOrigin(c, colour)
		if said = append(said, findings...); err != nil {
			return nil, said, err
		}
		var about []model.Container
		service := plan.ServiceOf(c, o.Application.Models[colour])
		for _, of := range containers {
			if of.Service == service {
				about = append(about, of)
			}
		}
		from := []model.Container{{}}
		if c.From == check.Container {
			from = about
		}
		for _, container := range from {
			one := &Run{Check: c, Container: container, about: about}
			if c.From == check.Container {
				one.about = []model.Container{container}
			}
			one.report = report.Check{Check: c.String(), During: during, Colour: colour, From: c.From, Container: container.Name, Status: "ok"}
			all = append(all, one)
		}
	}
	return all, said, nil
}

// Report is the result so far.
func (q *Run) Report() report.Check {
	done := q.report
	done.MS = q.times.Summary()
	return done
}

// All asks all checks in parallel. A *RefusedError names each that failed; another error says that a check could
// not be asked.
func All(ctx context.Context, runner model.CheckRunner, all []*Run) error {
	reasons := make([]*model.Reason, len(all))
	group, both := errgroup.WithContext(ctx)
	for i, one := range all {
		group.Go(func() (err error) {
			reasons[i], err = one.ask(both, runner)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	failed := &model.RefusedError{}
	for _, reason := range reasons {
		if reason != nil {
			failed.Reasons = append(failed.Reasons, *reason)
		}
	}
	if len(failed.Reasons) > 0 {
		return failed
	}
	return nil
}

// ask asks until the check has passed or failed. The reason is nil if it has passed.
func (q *Run) ask(ctx context.Context, runner model.CheckRunner) (*model.Reason, error) {
	series := q.NewAttempts()
	for {
		answer, err := runner.Ask(ctx, q.From, q.Container, q.Request)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", q, err)
		}
		why := q.Judge(answer, time.Now())
		series.Add(why)
		q.report.Asked++
		if why == "" {
			q.report.Passed++
		}
		if answer.Error == "" {
			q.times.Add(answer.Took)
		}
		done, ok := series.Done()
		switch {
		case !done:
		case ok:
			q.report.Status, q.report.Message = "ok", ""
			return nil, nil
		default:
			return q.failed(series, answer), nil
		}
		if err := model.Sleep(ctx, q.Interval); err != nil {
			return nil, err
		}
	}
}

// shownBody is how much of an answer's body is shown: the first sentence of an error page.
const shownBody = 500

// failed is the reason: what was asked, from where, how often, and the last answer.
func (q *Run) failed(series *check.Attempts, last check.Result) *model.Reason {
	where := "this machine"
	switch q.From {
	case check.Nginx:
		where = "where nginx runs"
	case check.Container:
		where = "container " + q.Container.Name
	}
	reason := &model.Reason{
		Code:    model.CheckFailed,
		Message: redact.Sanitize(fmt.Sprintf("%s, asked from %s, did not pass in %d attempts (%d good): %s", q, where, series.Asked, series.Passed, series.Why)),
	}
	if len(last.Body) > 0 {
		reason.LastProbe = redact.Sanitize(string(last.Body[:min(len(last.Body), shownBody)]))
	}
	for _, c := range q.about {
		reason.Service = c.Service
		if len(q.about) == 1 {
			reason.Container, reason.ContainerID = c.Name, c.ID
		}
	}
	q.report.Status, q.report.Message = "failed", redact.Sanitize(series.Why)
	return reason
}

// Question is a check of the live colour that knows from where it is asked.
type Question struct {
	check.Check
	// Index is the place of the check in the list that was given. A check that is asked from each container of a service has
	// one Question for each.
	Index     int
	Container model.Container // for check.Container
}

// Questions are the checks of a colour with the containers that it has.
func Questions(o plan.Observation, colour model.Colour, checks []check.Check) (all []Question, err error) {
	for i, c := range checks {
		runs, _, err := Of(o, "watch", colour, []check.Check{c}, o.Of(colour))
		if err != nil {
			return all, err
		}
		for _, run := range runs {
			all = append(all, Question{run.Check, i, run.Container})
		}
	}
	return all, nil
}
