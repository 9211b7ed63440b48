package compose

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"bluegate/deploy/model"
)

// Pull implements model.ImageStore. It uses the credentials of the docker command: its configuration file and its credential
// store.
func (s *Stack) Pull(ctx context.Context, m model.Model, services []string, tell func(model.Transfer)) error {
	project, err := s.projects[m.Colour].WithSelectedServices(services, types.IgnoreDependencies)
	if err != nil {
		return fmt.Errorf("select %v of project %s: %w", services, m.ComposeProject, err)
	}
	project, err = project.WithServicesTransform(func(_ string, c types.ServiceConfig) (types.ServiceConfig, error) {
		c.PullPolicy = types.PullPolicyAlways
		return c, nil
	})
	if err != nil {
		return fmt.Errorf("prepare project %s: %w", m.ComposeProject, err)
	}
	ctx, end := s.activity.guard(ctx)
	defer end()
	pulled := &layers{of: map[string]map[string]layer{}, tell: tell}
	s.activity.tell.Store(pulled)
	defer s.activity.tell.Store(nil)
	err = s.service.Pull(ctx, project, api.PullOptions{})
	if ctx.Err() != nil {
		return cmp.Or(context.Cause(ctx), err) // a cancelled pull ends without an error
	}
	return err
}

// stallLimit is how long a registry may be silent during a pull. The duration of the pull itself is not limited.
const stallLimit = 2 * time.Minute

// activity records when Compose last reported progress, and hands it on during a pull.
type activity struct {
	last atomic.Int64
	tell atomic.Pointer[layers]
}

// Start implements api.EventProcessor.
func (a *activity) Start(context.Context, string) { a.record() }

// On implements api.EventProcessor.
func (a *activity) On(events ...api.Resource) {
	a.record()
	if l := a.tell.Load(); l != nil {
		for _, e := range events {
			l.on(e)
		}
	}
}

// Done implements api.EventProcessor.
func (a *activity) Done(string, bool) { a.record() }

func (a *activity) record() { a.last.Store(time.Now().UnixNano()) }

// guard cancels a context when nothing was reported for stallLimit.
func (a *activity) guard(ctx context.Context) (guarded context.Context, end func()) {
	guarded, cancel := context.WithCancelCause(ctx)
	a.record()
	go func() {
		for {
			rest := stallLimit - time.Since(time.Unix(0, a.last.Load()))
			if rest <= 0 {
				cancel(fmt.Errorf("no data for %s: the registry, or a proxy on the way, accepts the connection and does not answer", stallLimit))
				return
			}
			select {
			case <-guarded.Done():
				return
			case <-time.After(rest):
			}
		}
	}()
	return guarded, func() { cancel(nil) }
}
