package deploy

import (
	"context"
	"errors"
	"fmt"

	"bluegate/deploy/model"
	"bluegate/deploy/observing"
)

// observe asks the engine and nginx what is true. It changes nothing.
func (r *run) observe(ctx context.Context) error {
	now, err := r.observer().Engine(ctx, r.seen)
	if err != nil {
		return err
	}
	now.Journal = r.journal
	r.seen = now
	see := r.observeRoute
	if r.journal.Current != nil { // what is not loaded may be what a killed run has written
		see = r.observeNginx
	}
	if r.seen.Route, err = see(ctx); err != nil {
		return err
	}
	if err := r.nginxIsHere(ctx); err != nil {
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

// nginxIsHere refuses a command that changes something while another machine has the nginx that was found last: only that
// machine can tell what it serves. Someone may have pointed it at what the command would remove.
func (r *run) nginxIsHere(ctx context.Context) (err error) {
	if r.Nodes == nil {
		return nil
	}
	if r.node, err = r.Nodes.Own(ctx); err != nil {
		return err
	}
	last := r.journal.Identity()
	if last.NginxNode == "" || last.NginxNode == r.node {
		return nil
	}
	if r.seen.Route.Away, err = r.Nodes.Away(ctx, last.NginxNode, last.NginxID, r.seen.Route.State != model.RouterAbsent); err != nil {
		return err
	}
	if changes := r.lease != nil || r.report.DryRun; r.seen.Route.Away == "" || !changes {
		return nil
	}
	return &model.UnreachableError{What: "nginx", Err: errors.New(r.seen.NginxAway())}
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
		r.note(model.Finding{Code: "restart-policy-restored", Place: k.Name, Message: fmt.Sprintf("container %q of %s, which is live, has its restart policy %q again: it had lost it when it retired, and someone made %s live again by hand", k.Name, r.seen.Live.Colour, k.Policy, r.seen.Live.Colour)})
	}
	return r.listContainers(ctx)
}

// listContainers asks for the containers of both colours again.
func (r *run) listContainers(ctx context.Context) error {
	all, err := r.observer().Containers(ctx, r.seen.Application)
	if err == nil {
		r.seen.Containers = all
	}
	return err
}

// observer asks for this run. A run that holds no lock waits for nobody.
func (r *run) observer() observing.Observer {
	o := observing.Observer{Stack: r.Stack, Images: r.Images, Router: r.Router}
	if r.lease != nil {
		o.Alone = r.throughNginx
	}
	return o
}

// observeRoute asks nginx where traffic goes, once no other project's switch of it is under way.
func (r *run) observeRoute(ctx context.Context) (model.Route, error) { return r.see(ctx, r.observer()) }

// observeNginx is observeRoute while nginx's lock is held, or where what is half done is to be seen.
func (r *run) observeNginx(ctx context.Context) (model.Route, error) {
	o := r.observer()
	o.Alone = nil
	return r.see(ctx, o)
}

// see asks nginx. From then on it is the nginx that is asked.
func (r *run) see(ctx context.Context, o observing.Observer) (model.Route, error) {
	nginx, route, err := o.Route(ctx, r.seen.Addresses)
	if nginx != nil {
		r.nginx = nginx
	}
	return route, err
}

// rehearse tests the coming configuration. Like observeRoute it waits for another project's switch. It may run next to
// the gate: it changes nothing of the run.
func (r *run) rehearse(ctx context.Context, started <-chan struct{}) observing.Rehearsal {
	if r.seen.Route.State == model.RouterAbsent {
		return observing.Rehearsal{}
	}
	test := func(ctx context.Context) ([]model.Finding, error) {
		return r.nginx.Rehearse(ctx, r.plan.Change, started)
	}
	if r.lease == nil {
		return observing.Rehearse(ctx, test, nil)
	}
	return observing.Rehearse(ctx, test, func(do func(context.Context) error) (unreleased, err error) {
		return r.locks().Nginx(ctx, r.seen.Route.ID, do)
	})
}

// rehearsed adds the findings of a rehearsal to the report, and returns its error.
func (r *run) rehearsed(done observing.Rehearsal) error {
	r.noteUnreleased(done.Unreleased)
	r.note(done.Findings...)
	return done.Err
}
