package swarm

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/swarm"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// Lost says why a task is not what it was when its addresses were learned; empty: it is.
func (s *Stack) Lost(ctx context.Context, c model.Container) (string, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	t, _, err := s.engine.TaskInspectWithRaw(ctx, c.ID)
	if errdefs.IsNotFound(err) {
		return fmt.Sprintf("the task of %s is gone", c.Name), nil
	}
	if err != nil {
		return "", s.engine.SwarmUnreachable(fmt.Errorf("look at the task of %s again: %w", c.Name, err))
	}
	if t.Status.State != swarm.TaskStateRunning || t.DesiredState != swarm.TaskStateRunning {
		return fmt.Sprintf("the task of %s does not run any more (%s)", c.Name, t.Status.State), nil
	}
	now := addressesOf(swarm.Service{}, t)
	for network, ip := range c.Addresses {
		if at, there := now[network]; there && at != ip {
			return fmt.Sprintf("the task of %s has not the address %s any more", c.Name, ip), nil
		}
	}
	return "", nil
}
