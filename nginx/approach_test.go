package nginx

import (
	"context"
	"fmt"

	"bluegate/deploy/model"
)

// already is the closed channel of what has been started long ago.
func already() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// switching is one of Switch and Start.
type switching func(context.Context, model.Change, []model.Target) (model.Switched, error)

// approached does what comes before, and then that.
func approached(ctx context.Context, r *Router, change model.Change, targets []model.Target, do switching) (model.Switched, error) {
	now, err := r.Approach(ctx, change, targets)
	if err != nil {
		return model.Switched{}, err
	}
	if now.State != model.ChangeNotApplied {
		return model.Switched{}, fmt.Errorf("the files are not as they were planned for: %s", now.State)
	}
	return do(ctx, change, targets)
}

// behind lets something happen between the approach and the switch.
func behind(happens func(), do switching) switching {
	return func(ctx context.Context, change model.Change, targets []model.Target) (model.Switched, error) {
		happens()
		return do(ctx, change, targets)
	}
}

func (s *shop) approachAndSwitch() (model.Switched, error) {
	return approached(s.t.Context(), s.router, s.change, s.targets(), s.router.Switch)
}

func (s *shop) approachAndStart() (model.Switched, error) {
	return approached(s.t.Context(), s.router, s.change, s.targets(), s.router.Start)
}

func (s *hostShop) approachAndSwitch() (model.Switched, error) {
	return approached(s.Context(), s.router, s.change, s.targets(), s.router.Switch)
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
