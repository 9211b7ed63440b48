package deploy

import (
	"cmp"
	"context"
	"slices"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// evidenceLines is how much of a container's log a refusal shows.
const evidenceLines = 20

// up starts the release, and returns when the gate has opened and nginx has accepted the coming configuration. healthy
// is when the last container became healthy.
func (r *run) up(ctx context.Context) (healthy time.Time, err error) {
	if err := r.enter(ctx, model.PhaseStarting, func(e *model.Entry) {
		e.Back, e.Awake, e.Drains = r.plan.Release.Back, r.seen.Runs(r.plan.Release.To), r.plan.Drains
	}); err != nil {
		return healthy, err
	}
	r.stage = changing
	if err := r.step(ctx, "replace", r.replace); err != nil {
		return healthy, err
	}
	r.Progress.Step("up")
	began := time.Now()
	w := newGateLoop(ctx, r)
	defer w.end()
	err = w.decide()
	if !w.upDone.IsZero() {
		r.report.Steps = append(r.report.Steps, report.Step{Name: "up", Status: "ok", MS: w.upDone.Sub(began).Milliseconds()})
	}
	if r.report.AddStep("gate", began, err); err != nil {
		return healthy, err
	}
	return w.healthyAt, r.step(ctx, "rehearse", func(context.Context) error { return w.rehearsal() })
}

// replace removes the containers that are in the release's place.
func (r *run) replace(ctx context.Context) error {
	if len(r.plan.Replace) == 0 {
		return nil
	}
	var old []model.Container
	for _, c := range r.plan.Replace {
		old = append(old, c.Container)
	}
	if err := r.stillIdle(ctx, old); err != nil {
		return err
	}
	r.removed(old)
	for _, c := range old {
		r.report.Pruned.Replaced = append(r.report.Pruned.Replaced, c.Name)
	}
	if err := r.holdNames(ctx, r.plan.Release.To); err != nil {
		return err
	}
	return r.despiteHooks(r.Stack.Remove(ctx, old))
}

// stillIdle asks again whether nginx leads to containers that are about to be removed, if any of them runs. Pulling and
// hooks may have taken half an hour, in which someone may have pointed nginx at them.
func (r *run) stillIdle(ctx context.Context, old []model.Container) error {
	now, err := r.Stack.Containers(ctx, r.seen.Application)
	if err != nil {
		return err
	}
	runs := slices.ContainsFunc(now, func(c model.Container) bool {
		return c.Running && slices.ContainsFunc(old, func(o model.Container) bool { return o.ID == c.ID })
	})
	if !runs {
		return nil
	}
	route, err := r.observeRoute(ctx)
	switch {
	case err != nil:
		return err
	case route.Refusal == nil && route.Names != r.seen.Route.Names:
		return model.Refuse(model.ConfigNotLoaded, "%s named %s when the deployment began, and names %s now: someone switched it; find out who uses %s, and deploy again", route.Nginx, cmp.Or(r.seen.Route.Names, "no colour"), cmp.Or(route.Names, "no colour"), r.plan.Release.To)
	}
	return r.seen.NothingLeadsTo(route, r.plan.Release.To)
}
