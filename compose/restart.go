package compose

import (
	"context"
	"fmt"

	"github.com/docker/docker/api/types/container"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// Restart restarts a container, with its own grace, and starts one that does not run. It returns when the container is
// started, not when it is healthy.
func (s *Stack) Restart(ctx context.Context, c model.Container) error {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := s.engine.ContainerInspect(ask, c.ID)
	if err == nil {
		restarting, cancel := context.WithTimeout(ctx, stopGrace(info)+engine.KillLimit)
		defer cancel()
		err = s.engine.ContainerRestart(restarting, c.ID, container.StopOptions{})
	}
	if err != nil {
		return s.engine.Unreachable(fmt.Errorf("restart %s: %w", c.Name, err))
	}
	return nil
}
