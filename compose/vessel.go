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
// are what it was created with; they cannot change. One that has to last runs, because a prune removes every container that
// does not.
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

// create returns the vessel's id, or errdefs.Conflict (see errdefs.IsConflict) when someone else has created it. It does
// not run yet.
func (v vessel) create(ctx context.Context, labels map[string]string) (id string, err error) {
	labels[ownLabel] = v.name
	config := &container.Config{Image: vesselImage, Cmd: []string{"never-started"}, Labels: labels}
	if v.engine.waits() {
		config.Image, config.Cmd = waitImage, nil
	}
	host := &container.HostConfig{NetworkMode: "none", RestartPolicy: container.RestartPolicy{Name: cmp.Or(v.policy, container.RestartPolicyDisabled)}}
	for range creations {
		ask, cancel := asking(ctx)
		made, err := v.engine.ContainerCreate(ask, config, host, &network.NetworkingConfig{}, nil, v.name)
		cancel()
		if !errdefs.IsNotFound(err) {
			return made.ID, err
		}
		if err := v.importImage(ctx); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("the image of %s was removed %d times before it could be used", v.name, creations)
}

// start makes the vessel run, so that a prune leaves it. It changes nothing where it runs. errdefs.IsNotFound tells that
// the vessel is not there any more.
func (v vessel) start(ctx context.Context) error {
	if !v.engine.waits() {
		return nil
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	return v.engine.ContainerStart(ctx, v.name, container.StartOptions{})
}

// createRunning returns once the vessel runs, or errdefs.Conflict when someone else has created it. A prune may remove it
// before it runs: then it is created again, unless someone else was faster.
func (v vessel) createRunning(ctx context.Context) error {
	var err error
	for range creations {
		id, failed := v.create(ctx, map[string]string{})
		if failed != nil {
			return failed
		}
		made := vessel{engine: v.engine, name: id}
		if err = made.start(ctx); !errdefs.IsNotFound(err) {
			if err != nil {
				err = errors.Join(fmt.Errorf("start %s: %w", v.name, err), made.remove(context.WithoutCancel(ctx)))
			}
			return err
		}
	}
	return err
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
