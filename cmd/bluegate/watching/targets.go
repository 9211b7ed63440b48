package watching

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"bluegate/cmd/bluegate/config"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/watch"
	"bluegate/watch/notify"
)

// Targets are the targets of the section notify, and what keeps the others from being told.
func Targets(o config.Options) ([]notify.Target, []model.Finding, error) {
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

// Findings are the addresses of notifications that are not known.
func Findings(o config.Options) (all []model.Finding) {
	for _, n := range o.Notify {
		if n.Finding != nil {
			all = append(all, *n.Finding)
		}
	}
	return all
}

// Test sends an event to every target at the same time, and reports each one as a step.
func Test(ctx context.Context, targets []notify.Target, e watch.Event) *report.Report {
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
