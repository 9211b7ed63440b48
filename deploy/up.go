package deploy

import (
	"context"
	"slices"
	"time"

	"bluegate/deploy/await"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/deploy/stage"
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
	r.stage = stage.Changing
	if err := r.step(ctx, "replace", r.replace); err != nil {
		return healthy, err
	}
	r.Progress.Step("up")
	return r.gate(ctx, r.plan.Expected, r.start)
}

// gate returns when the gate has opened and nginx has accepted the coming configuration. start starts the containers; nil:
// they run already, and have to be good for gate.stable from now. healthy is when the last container became healthy.
func (r *run) gate(ctx context.Context, want []gate.Expected, start func(context.Context) error) (healthy time.Time, err error) {
	began := time.Now()
	w := r.await(ctx, want, r.Settings.Stable, r.plan.Budget(r.Settings))
	defer w.End()
	if start != nil {
		w.Start(start)
	}
	w.Test(func(ctx context.Context, started <-chan struct{}) func() error {
		done := r.rehearse(ctx, started)
		return func() error { return r.rehearsed(done) }
	})
	err = w.Decide()
	if start != nil && !w.Up().IsZero() {
		r.report.Steps = append(r.report.Steps, report.Step{Name: "up", Status: "ok", MS: w.Up().Sub(began).Milliseconds()})
	}
	if r.report.AddStep("gate", began, err); err != nil {
		return healthy, err
	}
	return w.Healthy(), r.step(ctx, "rehearse", func(context.Context) error { return w.Tested() })
}

// await watches the release's containers, which have to be good for stable, and to become good within the budget.
func (r *run) await(ctx context.Context, want []gate.Expected, stable, budget time.Duration) *await.Loop {
	return await.New(ctx, await.Release{
		Expected: want, Stable: stable, Budget: budget, List: r.ofRelease, Stale: func(s gate.Sample) bool { return r.plan.NotStarted(r.seen, s) }, Progress: r.Progress,
		Watch: func(ctx context.Context) <-chan model.ContainerEvent {
			return r.Stack.Watch(ctx, r.plan.Release.Model, r.plan.Release.Label())
		},
	})
}

// ofRelease lists the release's containers.
func (r *run) ofRelease(ctx context.Context) ([]model.Container, error) {
	own := r.seen.Application
	own.Models = map[model.Colour]model.Model{r.plan.Release.To: r.seen.Application.Models[r.plan.Release.To]}
	all, err := r.Stack.Containers(ctx, own)
	return r.plan.Release.Own(all), err
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
	if err != nil {
		return err
	}
	return r.seen.StillIdle(route, r.plan.Release.To)
}
