package nginx

import (
	"context"

	"bluegate/deploy/model"
)

// already is the closed channel of what has been started long ago.
func already() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// switching is Switch; a test may add what happens on the way.
type switching func(context.Context, model.Change, []model.Target, func(model.Change) error) (model.Switched, error)

// observeWith is Observe with the type of this package.
func observeWith(ctx context.Context, r *Router, dir *model.Addresses) (*observed, model.Route, error) {
	found, route, err := r.Observe(ctx, dir)
	n, ok := found.(*observed)
	if !ok {
		n = r.over(nil)
	}
	return n, route, err
}

// begun is what a switch begins with where nothing is journaled.
func begun(model.Change) error { return nil }

// after lets something happen between the last look at nginx and the first write.
func after(happens func(), do switching) switching {
	return func(ctx context.Context, change model.Change, targets []model.Target, begin func(model.Change) error) (model.Switched, error) {
		return do(ctx, change, targets, func(change model.Change) error {
			happens()
			return begin(change)
		})
	}
}

// switchNow is Switch without a rehearsal.
func (s *shop) switchNow() (model.Switched, error) {
	return s.router.Switch(s.t.Context(), s.change, s.targets(), begun)
}

func (s *hostShop) switchNow() (model.Switched, error) {
	return s.router.Switch(s.Context(), s.change, s.targets(), begun)
}

// workers are those that accept requests.
func (s *shop) workers() []string {
	s.t.Helper()
	now, err := s.router.found.Processes(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return now.Accepting()
}
