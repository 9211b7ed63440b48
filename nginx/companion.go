package nginx

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/deploy"
	"bluegate/nginx/helper"
)

// companion is the helper container beside nginx: in its network namespace, with the mounts that hold the files which
// a switch writes. It is made of nginx's own image, the one image that is certainly there. It ends with the connection
// to it and removes itself.
type companion struct {
	*helper.Client
	router *Router
	id     string
	conn   types.HijackedResponse
}

const helperPath = "/bluegate-helper"

// accompany starts the companion.
func (r *Router) accompany(ctx context.Context, files []deploy.FileChange) (*companion, error) {
	binary, args, err := r.executable(ctx)
	if err != nil {
		return nil, err
	}
	mounts, err := r.writableMounts(ctx, files)
	if err != nil {
		return nil, err
	}
	id, err := r.createOwn(ctx, "helper", &container.Config{
		Entrypoint: append([]string{helperPath}, args...), User: "0:0",
		OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true,
	}, &container.HostConfig{NetworkMode: r.network(), Mounts: mounts, AutoRemove: true})
	if err != nil {
		return nil, err
	}
	c := &companion{router: r, id: id}
	if err := c.start(ctx, binary); err != nil {
		return nil, errors.Join(err, r.removeOwn(context.WithoutCancel(ctx), id))
	}
	return c, nil
}

func (r *Router) executable(ctx context.Context) ([]byte, []string, error) {
	ask, cancel := asking(ctx)
	defer cancel()
	version, err := r.engine.ServerVersion(ask)
	if err != nil {
		return nil, nil, fmt.Errorf("ask the engine for its architecture: %w", err)
	}
	return r.opts.Helper(version.Arch)
}

func (c *companion) start(ctx context.Context, binary []byte) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	if err := w.WriteHeader(&tar.Header{Name: helperPath[1:], Mode: 0o755, Size: int64(len(binary)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	if _, err := w.Write(binary); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := c.router.engine.CopyToContainer(ctx, c.id, "/", &buf, container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("copy the helper into its container: %w", err)
	}
	conn, err := hijacked(ctx, func() (types.HijackedResponse, error) {
		return c.router.engine.ContainerAttach(ctx, c.id, container.AttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	})
	if err != nil {
		return fmt.Errorf("attach to the helper: %w", err)
	}
	c.conn = conn
	if err := c.router.engine.ContainerStart(ctx, c.id, container.StartOptions{}); err != nil {
		conn.Close()
		return fmt.Errorf("start the helper: %w", err)
	}
	out, in := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(in, in, conn.Reader)
		_ = in.CloseWithError(err)
	}()
	c.Client = helper.NewClient(conn.Conn, out)
	return nil
}

// ask asks the companion. There is none when it could not follow nginx into a new namespace.
func (r *Router) ask(ctx context.Context, req helper.Request) (helper.Response, error) {
	if r.help == nil {
		return helper.Response{}, errors.New("the helper beside nginx is not there")
	}
	return r.help.Ask(ctx, req)
}

// close ends the helper; its container removes itself, and is removed where it does not.
func (c *companion) close(ctx context.Context) error {
	if c == nil {
		return nil
	}
	_ = c.conn.CloseWrite()
	c.conn.Close()
	return c.router.removeOwn(ctx, c.id)
}

// network is nginx's own namespace, or, while nginx does not run, the first of the networks that it will be on.
func (r *Router) network() container.NetworkMode {
	if r.found.running {
		return container.NetworkMode("container:" + r.found.id())
	}
	if all := r.networks(); len(all) > 0 {
		return container.NetworkMode(all[0])
	}
	return r.found.info.HostConfig.NetworkMode
}

func (r *Router) networks() []string {
	return slices.Sorted(maps.Keys(r.found.info.NetworkSettings.Networks))
}

// joinNetworks takes a container of ours to the other networks that a stopped nginx will be on: its names may be those
// of any of them, and this API makes a container on one.
func (r *Router) joinNetworks(ctx context.Context, id string) error {
	if r.found.running {
		return nil
	}
	for i, name := range r.networks() {
		if i == 0 {
			continue
		}
		if err := r.engine.NetworkConnect(ctx, name, id, nil); err != nil {
			return fmt.Errorf("join the network %s of %s: %w", name, r.found, err)
		}
	}
	return nil
}

// writableMounts are those of nginx's mounts in which the files lie, each once. Files in no mount are written another
// way.
func (r *Router) writableMounts(ctx context.Context, files []deploy.FileChange) ([]mount.Mount, error) {
	var mounts []mount.Mount
	for _, f := range files {
		real, err := r.realPath(ctx, f.Path)
		if err != nil {
			return nil, err
		}
		for _, name := range []string{f.Path, real} {
			m, ok := mountOf(r.found.info, name)
			if !ok || m.Type == mount.TypeTmpfs {
				continue
			}
			again := remount(m, false)
			if !slices.Contains(mounts, again) {
				mounts = append(mounts, again)
			}
		}
	}
	return mounts, nil
}

func (r *Router) realPath(ctx context.Context, file string) (string, error) {
	_, real, err := newSource(ctx, r.engine, r.found.id()).entry(file)
	return real, err
}

// createOwn creates a container of ours from nginx's image.
func (r *Router) createOwn(ctx context.Context, role string, config *container.Config, host *container.HostConfig) (string, error) {
	ctx, cancel := asking(ctx)
	defer cancel()
	config.Image = r.found.info.Image
	config.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}}
	config.Labels = map[string]string{SweepLabel: r.project, "bluegate.own": role}
	name := "bluegate-" + role + "-" + r.project
	created, err := r.engine.ContainerCreate(ctx, config, host, nil, nil, name)
	if errdefs.IsConflict(err) {
		// We hold the lock: who made it is dead.
		if err := r.removeOwn(ctx, name); err != nil {
			return "", err
		}
		created, err = r.engine.ContainerCreate(ctx, config, host, nil, nil, name)
	}
	if err != nil {
		return "", fmt.Errorf("create container %s: %w", name, err)
	}
	if err := r.joinNetworks(ctx, created.ID); err != nil {
		return "", errors.Join(err, r.removeOwn(context.WithoutCancel(ctx), created.ID))
	}
	return created.ID, nil
}

// removeOwn removes a container of ours that may be removing itself.
func (r *Router) removeOwn(ctx context.Context, id string) error {
	ctx, cancel := asking(ctx)
	defer cancel()
	for {
		err := r.engine.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
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
