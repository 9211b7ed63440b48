package compose

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// slow is a Compose whose pull reports progress from time to time.
type slow struct {
	api.Compose
	activity *activity
	every    time.Duration // 0: no progress is reported
	takes    time.Duration
}

func (s slow) Pull(ctx context.Context, _ *types.Project, _ api.PullOptions) error {
	s.activity.Start(ctx, "pull")
	end := time.After(s.takes)
	for {
		var next <-chan time.Time
		if s.every > 0 {
			next = time.After(s.every)
		}
		select {
		case <-ctx.Done():
			return nil // as Compose does
		case <-end:
			s.activity.Done("pull", true)
			return nil
		case <-next:
			s.activity.On(api.Resource{ID: "layer"})
		}
	}
}

// A pull may take any time while it makes progress; a registry that stops sending is given up.
func TestPullThatStalls(t *testing.T) {
	for name, test := range map[string]struct {
		every, takes time.Duration
		stalls       bool
	}{
		"at once":        {0, time.Second, false},
		"an hour":        {stallLimit - time.Second, time.Hour, false},
		"silent":         {0, time.Hour, true},
		"nearly silence": {stallLimit + time.Second, time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				heard := &activity{}
				project := &types.Project{Name: "shop", Services: types.Services{"was-blue": {Name: "was-blue", Image: "a"}}}
				s := &Stack{engine: &engine.Engine{}, service: slow{activity: heard, every: test.every, takes: test.takes}, activity: heard, projects: map[model.Colour]*types.Project{model.Blue: project}}
				err := s.Pull(t.Context(), model.Model{Colour: model.Blue}, []string{"was-blue"}, func(model.Transfer) {})
				if (err != nil) != test.stalls || err != nil && !strings.Contains(err.Error(), "no data for 2m0s") {
					t.Errorf("got %v, want a stall: %t", err, test.stalls)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		heard := &activity{}
		s := &Stack{engine: &engine.Engine{}, service: slow{activity: heard, takes: time.Hour}, activity: heard, projects: map[model.Colour]*types.Project{model.Blue: {Name: "shop"}}}
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("someone said stop")
		time.AfterFunc(time.Second, func() { cancel(why) })
		if err := s.Pull(ctx, model.Model{Colour: model.Blue}, nil, func(model.Transfer) {}); !errors.Is(err, why) {
			t.Errorf("a pull that was stopped ended with %v", err)
		}
	})
}
