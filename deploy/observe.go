package deploy

import (
	"context"
	"fmt"
	"maps"
	"time"

	"bluegate/deploy/lease"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
)

// observe asks the engine and nginx what is true. It changes nothing.
func (r *run) observe(ctx context.Context) error {
	o := r.seen
	o.At, o.Journal = time.Now(), r.journal
	o.Images, o.Application.Models = map[model.Colour][]model.Image{}, maps.Clone(o.Application.Models)
	for _, colour := range model.Colours {
		images, err := r.Images.Images(ctx, o.Application.Models[colour])
		if err != nil {
			return err
		}
		o.Images[colour], o.Application.Models[colour] = images, o.Application.Models[colour].WithImages(images)
	}
	var err error
	if o.Containers, err = r.Stack.Containers(ctx, o.Application); err != nil {
		return err
	}
	o.Application = o.Application.AsRuns(o.Containers)
	o.Addresses = model.NewAddresses(o.Application).WithContainers(o.Containers)
	r.seen = o
	see := r.observeRoute
	if r.journal.Current != nil { // what is not loaded may be what a killed run has written
		see = r.observeNginx
	}
	if r.seen.Route, err = see(ctx); err != nil {
		return err
	}
	if err := r.ownJournal(ctx); err != nil {
		return err
	}
	r.seen = r.seen.Judged()
	r.report.Containers = append([]model.Container{}, r.seen.Containers...)
	r.note(r.seen.Route.Findings...)
	r.note(r.seen.JournalLost()...)
	r.setLive(r.seen.Live.Colour, r.seen.Live.By)
	return nil
}

// restorePolicies gives the live colour back the restart policies that it lost when it retired: someone made it live again
// by hand. Without them it would stay stopped after a restart of the engine.
func (r *run) restorePolicies(ctx context.Context) error {
	lost := r.seen.LostPolicies()
	if len(lost) == 0 {
		return nil
	}
	if err := r.Archive.RestoreRestart(ctx, lost); err != nil {
		return err
	}
	for _, k := range lost {
		r.note(model.Finding{Code: "restart-policy-restored", Place: k.Name, Message: fmt.Sprintf("container %q of %s, which is live, has its restart policy %q again: it had lost it when it retired, and someone made %s live again by hand", k.Name, r.live.Colour, k.Policy, r.live.Colour)})
	}
	return r.listContainers(ctx)
}

// listContainers asks for the containers of both colours again.
func (r *run) listContainers(ctx context.Context) error {
	all, err := r.Stack.Containers(ctx, r.seen.Application)
	if err == nil {
		r.seen.Containers = all
	}
	return err
}

// observeRoute asks nginx where traffic goes. What another project's switch has written and nginx has not loaded yet
// looks like an edit by hand: so it takes nginx's lock, and asks again. A run that holds no lock does not wait.
func (r *run) observeRoute(ctx context.Context) (model.Route, error) {
	route, err := r.observeNginx(ctx)
	if err != nil || !plan.NotLoaded(route.Refusal) || r.lease == nil {
		return route, err
	}
	err = r.throughNginx(ctx, route.ID, func(ctx context.Context) (err error) {
		route, err = r.observeNginx(ctx)
		return err
	})
	return route, err
}

// observeNginx asks nginx where traffic goes. From then on it is the nginx that is asked.
func (r *run) observeNginx(ctx context.Context) (model.Route, error) {
	nginx, route, err := r.Router.Observe(ctx, r.seen.Addresses)
	if err == nil {
		r.nginx = nginx
	}
	return route, err
}

// rehearsal is the result of testing the coming configuration.
type rehearsal struct {
	findings   []model.Finding
	err        error
	unreleased error // nginx's lock was not given back
}

// rehearse tests the coming configuration. Like observeRoute it waits for another project's switch. It may run next to
// the gate: it changes nothing of the run.
func (r *run) rehearse(ctx context.Context, started <-chan struct{}) (done rehearsal) {
	if r.seen.Route.State == model.RouterAbsent {
		return done
	}
	done.findings, done.err = r.nginx.Rehearse(ctx, r.plan.Change, started)
	if !plan.NotLoaded(done.err) || r.lease == nil {
		return done
	}
	held, err := r.lockNginx(ctx, r.seen.Route.ID)
	if err != nil {
		return rehearsal{err: err}
	}
	ctx, cancel := lease.Holding(ctx, held)
	defer cancel()
	done.findings, done.err = r.nginx.Rehearse(ctx, r.plan.Change, started)
	done.unreleased = held.Release(context.WithoutCancel(ctx))
	return done
}

// noted adds the findings of a rehearsal to the report, and returns its error.
func (done rehearsal) noted(r *run) error {
	r.noteUnreleased(done.unreleased)
	r.note(done.findings...)
	return done.err
}
