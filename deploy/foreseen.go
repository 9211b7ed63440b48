package deploy

import (
	"context"
	"errors"
	"slices"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// A dry run settles what an earlier run left by the same code as a deployment, over an engine and an nginx on which
// nothing is changed. What settling would do to containers is what it sees afterwards.

// errUnforeseen says that nothing more can be known without touching nginx.
var errUnforeseen = errors.New("what follows can be known only once nginx has been touched")

// foreseeing is a Deployer that changes nothing, and that sees what it would have changed.
func (d *Deployer) foreseeing() *Deployer {
	own := *d
	own.Stack = &foreseenStack{Stack: d.Stack, ended: map[string]bool{}, gone: map[string]bool{}}
	own.Images, own.Archive, own.Names = foreseenImages{d.Images}, foreseenArchive{d.Archive}, foreseenNames{d.Names}
	own.Router = &foreseenRouter{Router: d.Router}
	own.Store = foreseenStore{d.Store}
	return &own
}

// foreseenStack is a Stack that remembers which containers would have been stopped and removed.
type foreseenStack struct {
	model.Stack
	ended, gone map[string]bool // by id
}

func (s *foreseenStack) Containers(ctx context.Context, app model.Application) ([]model.Container, error) {
	all, err := s.Stack.Containers(ctx, app)
	all = slices.DeleteFunc(all, func(c model.Container) bool { return s.gone[c.ID] })
	for i := range all {
		if s.ended[all[i].ID] {
			all[i].Running, all[i].State, all[i].RestartPol = false, string(gate.StateExited), "no"
		}
	}
	return all, err
}

func (s *foreseenStack) Retire(_ context.Context, containers []model.Container) error {
	for _, c := range containers {
		s.ended[c.ID] = true
	}
	return nil
}

func (s *foreseenStack) Remove(_ context.Context, containers []model.Container) error {
	for _, c := range containers {
		s.gone[c.ID] = true
	}
	return nil
}

// foreseenImages, foreseenArchive and foreseenNames only look.
type (
	foreseenImages  struct{ model.ImageStore }
	foreseenArchive struct{ model.Archive }
	foreseenNames   struct{ model.NameHolder }
)

func (foreseenImages) RemoveImages(context.Context, []model.PulledImage) ([]string, error) {
	return nil, nil
}
func (foreseenImages) Prune(_ context.Context, images []model.PulledImage) ([]string, []model.PulledImage, error) {
	return nil, images, nil
}
func (foreseenArchive) Keep(context.Context, string, model.ReleaseRecord) error { return nil }
func (foreseenArchive) Forget(context.Context, string, []string) error          { return nil }
func (foreseenArchive) Revive(context.Context, string, model.ReleaseRecord) error {
	return errUnforeseen
}
func (foreseenNames) Hold(context.Context, string, string, []model.HeldName) error { return nil }

// foreseenRouter is a Router that only looks.
type foreseenRouter struct {
	model.Router
	draining int // of the last look
	waits    int // workers that a drain would wait for
}

func (f *foreseenRouter) Observe(ctx context.Context, dir *model.Addresses) (model.Route, error) {
	route, err := f.Router.Observe(ctx, dir)
	f.draining = route.Draining
	return route, err
}

func (f *foreseenRouter) Drain(context.Context, []model.Container, func(model.DrainStatus)) error {
	f.waits = max(f.waits, f.draining)
	return nil
}

// Restore does nothing if the change was never written.
func (f *foreseenRouter) Restore(ctx context.Context, change model.Change) error {
	state, err := f.Router.Compare(ctx, change)
	if err == nil && state != model.ChangeNotApplied {
		err = errUnforeseen
	}
	return err
}

func (f *foreseenRouter) Rehearse(context.Context, model.Change, <-chan struct{}) ([]model.Finding, error) {
	return nil, errUnforeseen
}
func (f *foreseenRouter) Reach(context.Context, []model.Target) error { return errUnforeseen }

// foreseenStore is a StateStore that writes nothing.
type foreseenStore struct{ model.StateStore }

func (foreseenStore) Lock(context.Context, string, model.Holder) (model.Lease, error) {
	return foreseenLease{}, nil
}
func (foreseenStore) Write(context.Context, string, model.Journal) error { return nil }
func (foreseenStore) Sweep(context.Context, string) error                { return nil }

type foreseenLease struct{}

func (foreseenLease) Lost() <-chan struct{}         { return nil }
func (foreseenLease) Why() error                    { return nil }
func (foreseenLease) Until() time.Time              { return time.Now().Add(time.Hour) }
func (foreseenLease) Release(context.Context) error { return nil }
