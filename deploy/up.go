package deploy

import (
	"cmp"
	"context"
	"slices"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/deploy/report"
)

// evidenceLines is how much of a container's log a refusal shows.
const evidenceLines = 20

// up brings the release up while the gate watches, and rehearses the switch meanwhile. It returns when the gate has
// opened and nginx would take the coming configuration.
func (r *run) up(ctx context.Context) error {
	if err := r.enter(ctx, model.PhaseStarting, func(e *model.Entry) { e.Back, e.Awake, e.Drains = r.release.Back, r.runs(r.release.To), r.drains }); err != nil {
		return err
	}
	r.touched, r.workers = true, r.route.Workers
	old := r.of(r.release.To)
	if r.release.Back != nil {
		old = r.foreignContainers()
	}
	if err := r.step(ctx, "replace", func(ctx context.Context) error { return r.replace(ctx, old) }); err != nil {
		return err
	}
	r.Progress.Step("up")
	began := time.Now()
	w := newWatch(ctx, r)
	defer w.end()
	err := w.decide()
	if !w.upDone.IsZero() {
		r.report.Steps = append(r.report.Steps, report.Step{Name: "up", Status: "ok", MS: w.upDone.Sub(began).Milliseconds()})
	}
	r.report.AddStep("gate", began, err)
	if err != nil {
		return err
	}
	return r.step(ctx, "rehearse", func(context.Context) error { return w.rehearsal() })
}

// replace removes what an earlier release left in this colour. Fresh containers are what a restart would give.
func (r *run) replace(ctx context.Context, old []model.Container) error {
	if len(old) == 0 {
		return nil
	}
	if err := r.stillIdle(ctx, old); err != nil {
		return err
	}
	r.removed(old)
	for _, c := range old {
		r.report.Pruned.Replaced = append(r.report.Pruned.Replaced, c.Name)
	}
	if err := r.holdNames(ctx, r.release.To); err != nil {
		return err
	}
	return r.Stack.Remove(ctx, old)
}

// stillIdle looks once more before containers are removed that run, or do by now: images and hooks may have taken half an
// hour, in which somebody may have sent users to this colour by hand; or nginx has loaded another colour than its files
// name.
func (r *run) stillIdle(ctx context.Context, old []model.Container) error {
	now, err := r.Stack.Containers(ctx, r.app)
	if err != nil {
		return err
	}
	runs := slices.ContainsFunc(now, func(c model.Container) bool {
		return c.Running && slices.ContainsFunc(old, func(o model.Container) bool { return o.ID == c.ID })
	})
	if !runs {
		return nil
	}
	route, err := r.see(ctx)
	switch {
	case err != nil:
		return err
	case route.Refusal == nil && route.Names != r.route.Names:
		return model.Refuse(model.ConfigNotLoaded, "%s named %s when the deployment began, and names %s now: somebody switched it meanwhile; look who uses %s, and deploy again", route.Nginx, cmp.Or(r.route.Names, "no colour"), cmp.Or(route.Names, "no colour"), r.release.To)
	}
	if err := r.nothingLeadsTo(route, r.release.To); err != nil {
		return err
	}
	return r.Router.Moved(ctx, r.change)
}

// refusal translates the gate's reasons and adds the logs, while the containers are still there.
func (r *run) refusal(v gate.Verdict) error {
	e := &model.RefusedError{}
	for _, g := range v.Reasons {
		reason := model.Reason{Code: model.Code(g.Code), Service: g.Service, Container: g.Container, ContainerID: g.ID, Message: g.Message, ExitCode: g.ExitCode, OOMKilled: g.OOMKilled}
		if g.LastProbe != nil {
			reason.LastProbe = redact.Sanitize(g.LastProbe.Output)
		}
		e.Reasons = append(e.Reasons, reason)
	}
	return e
}
