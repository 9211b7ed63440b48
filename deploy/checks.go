package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/redact"
	"bluegate/deploy/report"
)

// checkRun is a check that is being asked, of one container where it is asked from there.
type checkRun struct {
	check.Check
	container model.Container   // where it is asked from
	about     []model.Container // whose it is, as far as that is known
	report    report.Check
	times     check.Times
}

// checkRuns are the checks of a colour, with the containers that each is about.
func (r *run) checkRuns(during string, colour model.Colour, checks []check.Check, containers []model.Container) ([]*checkRun, error) {
	var all []*checkRun
	for _, c := range checks {
		c, said, err := r.seen.WithOrigin(c, colour)
		if r.note(said...); err != nil {
			return nil, err
		}
		var about []model.Container
		service := plan.ServiceOf(c, r.seen.Application.Models[colour])
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
			one := &checkRun{Check: c, container: container, about: about}
			if c.From == check.Container {
				one.about = []model.Container{container}
			}
			one.report = report.Check{Check: c.String(), During: during, Colour: colour, From: c.From, Container: container.Name, Status: "ok"}
			all = append(all, one)
		}
	}
	return all, nil
}

// checks asks the release what Docker's health does not tell, before it gets users.
func (r *run) checks(ctx context.Context) error {
	if len(r.plan.Checks) == 0 {
		return nil
	}
	return r.step(ctx, "checks", func(ctx context.Context) error {
		containers, err := r.ofRelease(ctx)
		if err != nil {
			return err
		}
		all, err := r.checkRuns("checks", r.plan.Release.To, r.plan.Checks, containers)
		if err != nil {
			return err
		}
		err = r.runChecks(ctx, all)
		r.reportChecks(all)
		return err
	})
}

// failingChecks asks the checks of a colour for `health`. If the colour is live, those of the bake are asked too.
func (r *run) failingChecks(ctx context.Context, colour model.Colour) ([]model.Reason, error) {
	checks := r.Settings.Checks[colour]
	if colour == r.live.Colour {
		checks = slices.Concat(checks, r.Settings.Bake.Checks[colour])
	}
	all, err := r.checkRuns("health", colour, checks, r.seen.Of(colour))
	if err != nil {
		return []model.Reason{}, err
	}
	err = r.runChecks(ctx, all)
	r.reportChecks(all)
	var refused *model.RefusedError
	if errors.As(err, &refused) {
		return refused.Reasons, nil
	}
	return []model.Reason{}, err
}

// reportChecks adds the results of checks to the report.
func (r *run) reportChecks(all []*checkRun) {
	for _, one := range all {
		one.report.MS = one.times.Summary()
		r.report.Checks = append(r.report.Checks, one.report)
	}
}

// runChecks asks all checks in parallel. A *RefusedError names each that failed; another error says that a check could
// not be asked.
func (r *run) runChecks(ctx context.Context, all []*checkRun) error {
	reasons := make([]*model.Reason, len(all))
	group, both := errgroup.WithContext(ctx)
	for i, one := range all {
		group.Go(func() (err error) {
			reasons[i], err = one.ask(both, r.Checks)
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
func (q *checkRun) ask(ctx context.Context, asker model.CheckRunner) (*model.Reason, error) {
	series := q.NewAttempts()
	for {
		answer, err := asker.Ask(ctx, q.From, q.container, q.Request)
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
		if err := sleep(ctx, q.Interval); err != nil {
			return nil, err
		}
	}
}

// shownBody is how much of an answer's body is shown: the first sentence of an error page.
const shownBody = 500

// failed is the reason: what was asked, from where, how often, and the last answer.
func (q *checkRun) failed(series *check.Attempts, last check.Result) *model.Reason {
	where := "this machine"
	switch q.From {
	case check.Nginx:
		where = "where nginx runs"
	case check.Container:
		where = "container " + q.container.Name
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
