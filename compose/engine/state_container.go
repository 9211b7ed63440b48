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

// A vessel is a container that does nothing. Its name is the only thing that the engine creates atomically for every
// client, and files can be put into it and read from it: so it serves as a lock, and as a place for the journal. Its labels
// are what it was created with; they cannot change. One that has to last runs, because a prune removes every container that
// does not.
type StateContainer struct {
	Engine *Engine
	Name   string
	Policy container.RestartPolicyMode // empty: no
}

// EmptyImage is empty, so that it needs no registry and pins none of the user's images. Older versions made all vessels
// of it, and none of them runs.
const EmptyImage = "bluegate-vessel:1"

// creations is how often a vessel is created that a prune removes before it runs, or whose image it does.
const creations = 3

// Create returns the vessel's id, or errdefs.Conflict (see errdefs.IsConflict) when someone else has created it. It does
// not run yet.
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

// Start makes the vessel run, so that a prune leaves it. It changes nothing where it runs. errdefs.IsNotFound tells that
// the vessel is not there any more.
func (v StateContainer) Start(ctx context.Context) error {
	if !v.Engine.CanWait() {
		return nil
	}
	ctx, cancel := Asking(ctx)
	defer cancel()
	return v.Engine.ContainerStart(ctx, v.Name, container.StartOptions{})
}

// CreateRunning returns once the vessel runs, or errdefs.Conflict when someone else has created it. A prune may remove it
// before it runs: then it is created again, unless someone else was faster.
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

// importImage makes the image of which vessels are created.
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

func (v StateContainer) Remove(ctx context.Context) error {
	ctx, cancel := Asking(ctx)
	defer cancel()
	return RemoveContainer(ctx, v.Engine, v.Name)
}

// Put replaces files at the vessel's root, one after the other, by the same content.
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

// Get reads a file of the vessel's root; errdefs.IsNotFound tells that there is none.
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
