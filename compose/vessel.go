package compose

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
)

// A vessel is a container that is created and never started. Its name is the only thing that the engine creates
// atomically for every client, and files can be put into it and read from it: so it serves as a lock, and as a place
// for the journal. Its labels are what it was created with; they cannot change.
type vessel struct {
	engine *Engine
	name   string
}

// vesselImage is empty, so that it needs no registry and pins none of the user's images.
const vesselImage = "bluegate-vessel:1"

// create returns the vessel's id, or errdefs.Conflict (see errdefs.IsConflict) when somebody else has created it.
func (v vessel) create(ctx context.Context, labels map[string]string) (id string, err error) {
	ctx, cancel := asking(ctx)
	defer cancel()
	labels[ownLabel] = v.name
	config := &container.Config{Image: vesselImage, Cmd: []string{"never-started"}, Labels: labels}
	host := &container.HostConfig{NetworkMode: "none", RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled}}
	made, err := v.engine.ContainerCreate(ctx, config, host, &network.NetworkingConfig{}, nil, v.name)
	if errdefs.IsNotFound(err) {
		if err := v.importImage(ctx); err != nil {
			return "", err
		}
		made, err = v.engine.ContainerCreate(ctx, config, host, &network.NetworkingConfig{}, nil, v.name)
	}
	return made.ID, err
}

// importImage makes the empty image out of an empty archive.
func (v vessel) importImage(ctx context.Context) error {
	var empty bytes.Buffer
	if err := tar.NewWriter(&empty).Close(); err != nil {
		return err
	}
	answer, err := v.engine.ImageImport(ctx, image.ImportSource{Source: &empty, SourceName: "-"}, vesselImage,
		image.ImportOptions{Changes: []string{"LABEL " + ownLabel + "=vessel", `CMD ["never-started"]`}, Message: "the empty image of bluegate's lock and journal"})
	if err != nil {
		return fmt.Errorf("import the empty image %s: %w", vesselImage, err)
	}
	defer answer.Close()
	_, err = io.Copy(io.Discard, answer)
	return err
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
