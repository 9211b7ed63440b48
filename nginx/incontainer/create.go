package incontainer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"bluegate/compose/engine"
)

// network is nginx's own namespace, or, while nginx does not run, the first of the networks that it will be on.
func (c *Nginx) network() container.NetworkMode {
	if c.Running {
		return container.NetworkMode("container:" + c.ID())
	}
	if all := c.networks(); len(all) > 0 {
		return container.NetworkMode(all[0])
	}
	return c.Info.HostConfig.NetworkMode
}

func (c *Nginx) networks() []string {
	return slices.Sorted(maps.Keys(c.Info.NetworkSettings.Networks))
}

// joinNetworks takes a container of ours to the other networks that a stopped nginx will be on: its names may be those
// of any of them, and this API makes a container on one.
func (c *Nginx) joinNetworks(ctx context.Context, id string) error {
	if c.Running {
		return nil
	}
	for i, name := range c.networks() {
		if i == 0 {
			continue
		}
		if err := c.Engine.NetworkConnect(ctx, name, id, nil); err != nil {
			return fmt.Errorf("join the network %s of %s: %w", name, c, err)
		}
	}
	return nil
}

// createOwn creates a container of ours from nginx's image. The engine continues with a creation whose caller has gone
// away, and nobody would know its container: so creating is not cut short, and what came too late is removed.
func (c *Nginx) createOwn(asked context.Context, role string, config *container.Config, host *container.HostConfig) (string, error) {
	if err := asked.Err(); err != nil {
		return "", err
	}
	ctx, cancel := engine.Asking(context.WithoutCancel(asked))
	defer cancel()
	config.Image = c.Info.Image
	config.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}}
	config.Labels = engine.HelperLabels(role, c.project, c.Opts.Unlocked)
	if err := engine.HideImageLabels(ctx, c.Engine, config.Image, config.Labels); err != nil {
		return "", err
	}
	name := fmt.Sprintf("bluegate-%s-%.8s-%s", role, c.ID(), c.project)
	if c.Opts.Unlocked { // a deployment may be under way, with a helper of its own
		name = engine.HelperName(role, c.project)
	}
	created, err := c.Engine.ContainerCreate(ctx, config, host, nil, nil, name)
	if errdefs.IsConflict(err) {
		// We hold the lock: who made it is dead.
		if err := c.removeOwn(ctx, name); err != nil {
			return "", err
		}
		created, err = c.Engine.ContainerCreate(ctx, config, host, nil, nil, name)
	}
	if err != nil {
		return "", fmt.Errorf("create container %s: %w", name, err)
	}
	if err = c.joinNetworks(ctx, created.ID); err == nil {
		err = asked.Err()
	}
	if err != nil {
		return "", errors.Join(err, c.removeOwn(context.WithoutCancel(ctx), created.ID))
	}
	return created.ID, nil
}

// removeOwn removes a container of ours that may be removing itself.
func (c *Nginx) removeOwn(ctx context.Context, id string) error {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	for {
		err := c.Engine.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
		switch {
		case err == nil, errdefs.IsNotFound(err):
			return nil
		case !errdefs.IsConflict(err):
			return fmt.Errorf("remove container %.12s: %w", id, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("remove container %.12s: %w", id, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
