package engine

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// A StateContainer is a container that does nothing. Its name is the only thing that the engine creates atomically for
// all clients, and files can be written into it and read from it. So it serves as a lock, and as the place of the
// journal. Its labels are set when it is created and cannot change. A container that must last runs, because a prune
// removes every container that does not.
type StateContainer struct {
	Engine *Engine
	Name   string
	Policy container.RestartPolicyMode // empty: no
}

// EmptyImage is an empty image, so it needs no registry and keeps no image of the user. Older versions used it for all
// state containers, and none of those runs.
const EmptyImage = "bluegate-vessel:1"

// creations is how often a state container is created again if a prune removes it before it runs, or removes its image.
const creations = 3

// Create returns the container's id, or errdefs.Conflict (see errdefs.IsConflict) if someone else has created it. It
// does not start the container.
func (v StateContainer) Create(ctx context.Context, labels map[string]string) (id string, err error) {
	labels[OwnLabel] = v.Name
	config := &container.Config{Image: EmptyImage, Cmd: []string{"never-started"}, Labels: labels}
	if v.Engine.CanWait() {
		config.Image, config.Cmd = WaitImage, nil
	}
	host := &container.HostConfig{NetworkMode: "none", RestartPolicy: container.RestartPolicy{Name: cmp.Or(v.Policy, container.RestartPolicyDisabled)}}
	for range creations {
		ask, cancel := Asking(ctx)
		made, err := v.Engine.ContainerCreate(ask, config, host, &network.NetworkingConfig{}, nil, v.Name)
		cancel()
		if !errdefs.IsNotFound(err) {
			return made.ID, err
		}
		if err := v.importImage(ctx); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("the image of %s was removed %d times before it could be used", v.Name, creations)
}

// Start starts the container, so that a prune does not remove it. It does nothing if the container runs.
// errdefs.IsNotFound means that the container does not exist any more.
func (v StateContainer) Start(ctx context.Context) error {
	if !v.Engine.CanWait() {
		return nil
	}
	ctx, cancel := Asking(ctx)
	defer cancel()
	return v.Engine.ContainerStart(ctx, v.Name, container.StartOptions{})
}

// CreateRunning returns when the container runs, or errdefs.Conflict if someone else has created it. If a prune removes
// it before it runs, it is created again, unless someone else was faster.
func (v StateContainer) CreateRunning(ctx context.Context) error {
	var err error
	for range creations {
		id, failed := v.Create(ctx, map[string]string{})
		if failed != nil {
			return failed
		}
		made := StateContainer{Engine: v.Engine, Name: id}
		if err = made.Start(ctx); !errdefs.IsNotFound(err) {
			if err != nil {
				err = errors.Join(fmt.Errorf("start %s: %w", v.Name, err), made.Remove(context.WithoutCancel(ctx)))
			}
			return err
		}
	}
	return err
}

// importImage creates the image of the container.
func (v StateContainer) importImage(ctx context.Context) error {
	if v.Engine.CanWait() {
		return v.Engine.EnsureWaitImage(ctx)
	}
	var empty bytes.Buffer
	if err := tar.NewWriter(&empty).Close(); err != nil {
		return err
	}
	return v.Engine.importImage(ctx, &empty, EmptyImage, "the empty image of bluegate's lock and journal", "LABEL "+OwnLabel+"=vessel", `CMD ["never-started"]`)
}

// Remove removes the container with what it holds. One that is gone already is not an error.
func (v StateContainer) Remove(ctx context.Context) error {
	ctx, cancel := Asking(ctx)
	defer cancel()
	return RemoveContainer(ctx, v.Engine, v.Name)
}

// Put replaces files in the container's root, one after the other, with the same content.
func (v StateContainer) Put(ctx context.Context, content []byte, files ...string) error {
	ctx, cancel := Asking(ctx)
	defer cancel()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, file := range files {
		if err := w.WriteHeader(&tar.Header{Name: file, Mode: 0o600, Size: int64(len(content)), ModTime: time.Now(), Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return v.Engine.CopyToContainer(ctx, v.Name, "/", &buf, container.CopyToContainerOptions{})
}

// Get reads a file in the container's root; errdefs.IsNotFound means that there is none.
func (v StateContainer) Get(ctx context.Context, file string) ([]byte, error) {
	ctx, cancel := Asking(ctx)
	defer cancel()
	stream, _, err := v.Engine.CopyFromContainer(ctx, v.Name, path.Join("/", file))
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	r := tar.NewReader(stream)
	if _, err := r.Next(); err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", file, v.Name, err)
	}
	return io.ReadAll(r)
}
