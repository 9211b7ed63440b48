package compose

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
// are what it was created with; they cannot change. It runs, because a prune removes every container that does not.
type vessel struct {
	engine *Engine
	name   string
	policy container.RestartPolicyMode // empty: no
}

// vesselImage is empty, so that it needs no registry and pins none of the user's images. Older versions made all vessels
// of it, and none of them runs.
const vesselImage = "bluegate-vessel:1"

// creations is how often a vessel is created that a prune removes before it runs, or whose image it does.
const creations = 3

// create returns the vessel's id once it runs, or errdefs.Conflict (see errdefs.IsConflict) when someone else has created
// it. A prune may remove it before it runs: then it is created again, unless someone else was faster.
func (v vessel) create(ctx context.Context, labels map[string]string) (id string, err error) {
	labels[ownLabel] = v.name
	config := &container.Config{Image: vesselImage, Cmd: []string{"never-started"}, Labels: labels}
	if v.engine.waits() {
		config.Image, config.Cmd = waitImage, nil
	}
	host := &container.HostConfig{NetworkMode: "none", RestartPolicy: container.RestartPolicy{Name: cmp.Or(v.policy, container.RestartPolicyDisabled)}}
	for range creations {
		if id, err = v.createOnce(ctx, config, host); !errdefs.IsNotFound(err) {
			break
		}
		if err := v.importImage(ctx); err != nil {
			return "", err
		}
	}
	return id, err
}

func (v vessel) createOnce(ctx context.Context, config *container.Config, host *container.HostConfig) (string, error) {
	ctx, cancel := asking(ctx)
	defer cancel()
	made, err := v.engine.ContainerCreate(ctx, config, host, &network.NetworkingConfig{}, nil, v.name)
	if err != nil || !v.engine.waits() {
		return made.ID, err
	}
	if err := v.engine.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		if !errdefs.IsNotFound(err) {
			err = errors.Join(fmt.Errorf("start %s: %w", v.name, err), removeContainer(context.WithoutCancel(ctx), v.engine, made.ID))
		}
		return "", err
	}
	return made.ID, nil
}

// importImage makes the image of which vessels are created.
func (v vessel) importImage(ctx context.Context) error {
	if v.engine.waits() {
		return v.engine.ensureWaitImage(ctx)
	}
	var empty bytes.Buffer
	if err := tar.NewWriter(&empty).Close(); err != nil {
		return err
	}
	return v.engine.importImage(ctx, &empty, vesselImage, "the empty image of bluegate's lock and journal", "LABEL "+ownLabel+"=vessel", `CMD ["never-started"]`)
}

func (v vessel) remove(ctx context.Context) error {
	ctx, cancel := asking(ctx)
	defer cancel()
	return removeContainer(ctx, v.engine, v.name)
}

// put replaces files at the vessel's root, one after the other, by the same content.
func (v vessel) put(ctx context.Context, content []byte, files ...string) error {
	ctx, cancel := asking(ctx)
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
	return v.engine.CopyToContainer(ctx, v.name, "/", &buf, container.CopyToContainerOptions{})
}

// get reads a file of the vessel's root; errdefs.IsNotFound tells that there is none.
func (v vessel) get(ctx context.Context, file string) ([]byte, error) {
	ctx, cancel := asking(ctx)
	defer cancel()
	stream, _, err := v.engine.CopyFromContainer(ctx, v.name, path.Join("/", file))
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	r := tar.NewReader(stream)
	if _, err := r.Next(); err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", file, v.name, err)
	}
	return io.ReadAll(r)
}
