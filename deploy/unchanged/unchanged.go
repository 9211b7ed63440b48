// Package unchanged has the ports of a dry run: an engine, an nginx and a journal on which nothing is changed. A dry run
// settles what an earlier run left by the same code as a deployment. What that would do to containers is what the dry run
// sees afterwards.
package unchanged

import (
	"context"
	"errors"
	"slices"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// ErrUnforeseen says that nothing more can be known without touching nginx.
var ErrUnforeseen = errors.New("what follows can be known only once nginx has been touched")

// Stack only looks. It remembers which containers would have been stopped and removed.
type Stack struct {
	model.Stack
	ended, gone map[string]bool // by id
}

// NewStack is a Stack over one that is not changed.
func NewStack(of model.Stack) *Stack {
	return &Stack{of, map[string]bool{}, map[string]bool{}}
}

func (s *Stack) Containers(ctx context.Context, app model.Application) ([]model.Container, error) {
	all, err := s.Stack.Containers(ctx, app)
	all = slices.DeleteFunc(all, func(c model.Container) bool { return s.gone[c.ID] })
	for i := range all {
		if s.ended[all[i].ID] {
			all[i].Running, all[i].State, all[i].RestartPol = false, string(gate.StateExited), "no"
		}
	}
	return all, err
}

func (s *Stack) Retire(_ context.Context, containers []model.Container) error {
	for _, c := range containers {
		s.ended[c.ID] = true
	}
	return nil
}

func (s *Stack) Remove(_ context.Context, containers []model.Container) error {
	for _, c := range containers {
		s.gone[c.ID] = true
	}
	return nil
}

// Images, Archive and Names only look.
type (
	Images  struct{ model.ImageStore }
	Archive struct{ model.Archive }
	Names   struct{ model.NameHolder }
)

func (Images) RemoveImages(context.Context, []model.PulledImage) ([]string, error) {
	return nil, nil
}
func (Images) Prune(_ context.Context, images []model.PulledImage) ([]string, []model.PulledImage, error) {
	return nil, images, nil
}
func (Archive) Keep(context.Context, string, model.ReleaseRecord) error         { return nil }
func (Archive) RestoreRestart(context.Context, []model.RetainedContainer) error { return nil }
func (Archive) Forget(context.Context, string, []string) error                  { return nil }
func (Archive) Revive(context.Context, string, model.ReleaseRecord, func(context.Context) error) error {
	return ErrUnforeseen
}
func (Names) Hold(context.Context, string, string, []model.HeldName) error { return nil }

// Router only looks at nginx.
type Router struct {
	model.Router
	draining int // of the last look
	// Waits is the number of workers that a drain would wait for.
	Waits int
}

func (f *Router) Observe(ctx context.Context, dir *model.Addresses) (model.Nginx, model.Route, error) {
	found, route, err := f.Router.Observe(ctx, dir)
	f.draining = route.Draining
	return f.Over(found), route, err
}

// Over is an nginx that is not changed.
func (f *Router) Over(found model.Nginx) model.Nginx { return nginx{found, f} }

type nginx struct {
	model.Nginx
	router *Router
}

func (n nginx) Drain(context.Context, []model.Container, func(model.DrainStatus)) error {
	n.router.Waits = max(n.router.Waits, n.router.draining)
	return nil
}

// Restore does nothing if the change was never written.
func (n nginx) Restore(ctx context.Context, change model.Change) error {
	state, err := n.Compare(ctx, change)
	if err == nil && state != model.ChangeNotApplied {
		err = ErrUnforeseen
	}
	return err
}

func (n nginx) Rehearse(context.Context, model.Change, <-chan struct{}) ([]model.Finding, error) {
	return nil, ErrUnforeseen
}
func (n nginx) Reach(context.Context, []model.Target) error { return ErrUnforeseen }

// Store writes nothing.
type Store struct{ model.StateStore }

func (Store) Lock(context.Context, string, model.Holder) (model.Lease, error) {
	return lease{}, nil
}
func (Store) Write(context.Context, string, model.Journal) error { return nil }
func (Store) Sweep(context.Context, string) error                { return nil }

// History writes nothing.
type History struct{ model.HistoryStore }

func (History) Remember(context.Context, string, model.HistoryRecord) error { return nil }

type lease struct{}

func (lease) Lost() <-chan struct{}         { return nil }
func (lease) Why() error                    { return nil }
func (lease) Until() time.Time              { return time.Now().Add(time.Hour) }
func (lease) Release(context.Context) error { return nil }
