package nginx

import (
	"context"

	"bluegate/deploy"
)

// already is the closed channel of what has been started long ago.
func already() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// approached does what comes before, and then one of Switch and Start.
func approached(ctx context.Context, r *Router, change deploy.Change, targets []deploy.Target, do func(context.Context, deploy.Change, []deploy.Target) (deploy.Switched, error)) (deploy.Switched, error) {
	if _, err := r.Approach(ctx, change, targets); err != nil {
		return deploy.Switched{}, err
	}
	return do(ctx, change, targets)
}

func (s *shop) approachAndSwitch() (deploy.Switched, error) {
	return approached(s.t.Context(), s.router, s.change, s.targets(), s.router.Switch)
}

func (s *shop) approachAndStart() (deploy.Switched, error) {
	return approached(s.t.Context(), s.router, s.change, s.targets(), s.router.Start)
}

func (s *hostShop) approachAndSwitch() (deploy.Switched, error) {
	return approached(s.Context(), s.router, s.change, s.targets(), s.router.Switch)
}

// workers are those that accept requests.
func (s *shop) workers() []int {
	s.t.Helper()
	now, err := s.router.found.processes(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return now.accepting()
}
