package nginx

import (
	"context"
	"fmt"

	"bluegate/deploy"
)

// already is the closed channel of what has been started long ago.
func already() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// switching is one of Switch and Start.
type switching func(context.Context, deploy.Change, []deploy.Target) (deploy.Switched, error)

// approached does what comes before, and then that.
func approached(ctx context.Context, r *Router, change deploy.Change, targets []deploy.Target, do switching) (deploy.Switched, error) {
	now, err := r.Approach(ctx, change, targets)
	if err != nil {
		return deploy.Switched{}, err
	}
	if now.Fate != deploy.FateUntouched {
		return deploy.Switched{}, fmt.Errorf("the files are not as they were planned for: %s", now.Fate)
	}
	return do(ctx, change, targets)
}

// behind lets something happen between the approach and the switch.
func behind(happens func(), do switching) switching {
	return func(ctx context.Context, change deploy.Change, targets []deploy.Target) (deploy.Switched, error) {
		happens()
		return do(ctx, change, targets)
	}
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
