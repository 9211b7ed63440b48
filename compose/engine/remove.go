package engine

import (
	"context"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// RemoveContainer removes a container with its anonymous volumes. It waits for a removal that is already in progress.
func RemoveContainer(ctx context.Context, e *Engine, id string) error {
	ctx, cancel := context.WithTimeout(ctx, KillLimit)
	defer cancel()
	for {
		err := e.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
		switch {
		case err == nil, errdefs.IsNotFound(err):
			return nil
		case !errdefs.IsConflict(err) || !strings.Contains(err.Error(), "already in progress"):
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// KillLimit is how long the engine may take to kill or remove a container.
const KillLimit = time.Minute
