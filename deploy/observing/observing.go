// Package observing asks the engine and nginx what is true. It changes nothing.
package observing

import (
	"context"
	"maps"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
)

// Observer asks.
type Observer struct {
	Stack  model.Stack
	Images model.ImageStore
	Router model.Router
	// Alone calls do while no other project switches the nginx that a Route calls by this id; nil: nobody is waited for.
	Alone func(ctx context.Context, id string, do func(context.Context) error) error
}

// Engine is an Observation of what the engine has: images, containers, and what follows from them for the application and its
// addresses. The application of before is what the Compose files say. What nginx serves is still that of before.
func (o Observer) Engine(ctx context.Context, before plan.Observation) (plan.Observation, error) {
	now := before
	now.At = time.Now()
	now.Images, now.Application.Models = map[model.Colour][]model.Image{}, maps.Clone(before.Application.Models)
	for _, colour := range model.Colours {
		images, err := o.Images.Images(ctx, now.Application.Models[colour])
		if err != nil {
			return before, err
		}
		now.Images[colour], now.Application.Models[colour] = images, now.Application.Models[colour].WithImages(images)
	}
	var err error
	if now.Containers, err = o.Containers(ctx, now.Application); err != nil {
		return before, err
	}
	now.Application = now.Application.AsRuns(now.Containers)
	now.Addresses = model.NewAddresses(now.Application).WithContainers(now.Containers)
	return now, nil
}

// Containers are those of both colours. Those that have done their work are marked.
func (o Observer) Containers(ctx context.Context, app model.Application) ([]model.Container, error) {
	all, err := o.Stack.Containers(ctx, app)
	if err != nil {
		return nil, err
	}
	for i, c := range all {
		s, _ := app.Models[c.Colour].Service(c.Service)
		all[i].Completed = s.OneShot && c.State == string(gate.StateExited) && c.Sample.ExitCode == 0
	}
	return all, nil
}

// Route asks nginx where traffic goes. What another project's switch has written and nginx has not loaded yet looks like an
// edit by hand: so Route waits for that switch to end, and asks again. The Nginx is the last that was found, also with an
// error; nil: none was.
func (o Observer) Route(ctx context.Context, dir *model.Addresses) (found model.Nginx, route model.Route, err error) {
	look := func(ctx context.Context) error {
		nginx, now, err := o.Router.Observe(ctx, dir)
		if route = now; err == nil {
			found = nginx
		}
		return err
	}
	if err := look(ctx); err != nil || !plan.NotLoaded(route.Refusal) || o.Alone == nil {
		return found, route, err
	}
	err = o.Alone(ctx, route.ID, look)
	return found, route, err
}

// Started is for a rehearsal of a release whose containers were started already.
func Started() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
