package compose

import (
	"context"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"golang.org/x/sync/errgroup"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// Retire implements model.Stack. It disables the restart policy, so that a stopped container stays stopped when the
// engine restarts.
func (s *Stack) Retire(ctx context.Context, containers []model.Container) error {
	var hooks hookFailures
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range containers {
		group.Go(func() error {
			hooks.add(s.beforeStop(ctx, c, preStopLimit))
			return s.retire(ctx, c)
		})
	}
	return s.engine.Unreachable(hooks.after(group.Wait()))
}

func (s *Stack) retire(ctx context.Context, c model.Container) error {
	grace, err := s.disableRestart(ctx, c)
	if err == nil {
		// The container's own stop_grace_period applies, and the engine kills the container after it. The limit is for an
		// engine that does neither.
		stopping, cancel := context.WithTimeout(ctx, grace+engine.KillLimit)
		defer cancel()
		err = s.engine.ContainerStop(stopping, c.ID, container.StopOptions{})
	}
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("stop %s: %w", c.Name, err)
	}
	return nil
}

// disableRestart disables a container's restart policy, and returns how long the container may take to stop.
func (s *Stack) disableRestart(ctx context.Context, c model.Container) (grace time.Duration, err error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := s.engine.ContainerInspect(ctx, c.ID)
	if err != nil {
		return 0, err
	}
	grace = stopGrace(info)
	if info.ContainerJSONBase != nil && info.HostConfig != nil && info.HostConfig.RestartPolicy.IsNone() {
		return grace, nil
	}
	_, err = s.engine.ContainerUpdate(ctx, c.ID, container.UpdateConfig{RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled}})
	if err != nil {
		err = fmt.Errorf("disable its restart policy: %w", err)
	}
	return grace, err
}

// Remove implements model.Stack.
func (s *Stack) Remove(ctx context.Context, containers []model.Container) error {
	var hooks hookFailures
	group, removing := errgroup.WithContext(ctx)
	for _, c := range containers {
		group.Go(func() error {
			hooks.add(s.beforeStop(removing, c, preRemoveLimit))
			if err := engine.RemoveContainer(removing, s.engine, c.ID); err != nil {
				return fmt.Errorf("remove %s: %w", c.Name, err)
			}
			return nil
		})
	}
	err := group.Wait()
	if err == nil {
		err = s.removeHookContainers(ctx, containers)
	}
	return s.engine.Unreachable(hooks.after(err))
}

// stopGrace is how long a container may take to stop before the engine kills it.
func stopGrace(info container.InspectResponse) time.Duration {
	if info.Config != nil && info.Config.StopTimeout != nil {
		return time.Duration(*info.Config.StopTimeout) * time.Second
	}
	return 10 * time.Second // the engine's own default
}
