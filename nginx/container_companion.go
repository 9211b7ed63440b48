package nginx

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/fsys"
)

// companion is the helper container beside nginx: in its network namespace, with the mounts that hold the files which
// a switch writes. It is made of nginx's own image, the one image that is certainly there. It ends with the connection
// to it and removes itself.
type companion struct {
	*agent.Client
	nginx   *contained
	id      string
	streams *engine.Streams
	seats   map[string]string // where the files really are that it has mounted
	counts  bool              // it was made to count connections, and for no file
}

// seat is where the file of a change really is, if the helper has it mounted.
func (h *companion) seat(f model.FileChange) (real string, mounted bool) {
	if h == nil {
		return "", false
	}
	real, mounted = h.seats[f.Path]
	return real, mounted
}

// accompany starts the companion.
func (c *contained) accompany(ctx context.Context, files []model.FileChange) (*companion, error) {
	binary, args, err := c.executable(ctx)
	if err != nil {
		return nil, err
	}
	mounts, seats, err := c.writableMounts(ctx, files)
	if err != nil {
		return nil, err
	}
	id, err := c.createOwn(ctx, "helper", engine.HelperConfig(args), &container.HostConfig{NetworkMode: c.network(), Mounts: mounts, AutoRemove: true})
	if err != nil {
		return nil, err
	}
	h := &companion{nginx: c, id: id, seats: seats, counts: len(files) == 0}
	if err := h.start(ctx, binary); err != nil {
		return nil, errors.Join(err, c.removeOwn(context.WithoutCancel(ctx), id))
	}
	return h, nil
}

func (c *contained) executable(ctx context.Context) ([]byte, []string, error) {
	ask, cancel := asking(ctx)
	defer cancel()
	version, err := c.engine.ServerVersion(ask)
	if err != nil {
		return nil, nil, fmt.Errorf("ask the engine for its architecture: %w", err)
	}
	return c.opts.Helper(version.Arch)
}

func (h *companion) start(ctx context.Context, binary []byte) (err error) {
	if h.streams, err = engine.StartHelper(ctx, h.nginx.engine, h.id, binary); err == nil {
		h.Client = agent.NewClient(h.streams, h.streams)
	}
	return err
}

// prepare implements place. A helper that only counted has no files mounted, and gives way to one that has.
func (c *contained) prepare(ctx context.Context, files []model.FileChange) (err error) {
	if c.help != nil && c.help.counts && len(files) > 0 {
		if err := c.help.close(ctx); err != nil {
			return err
		}
		c.help = nil
	}
	if c.help == nil {
		c.help, err = c.accompany(ctx, files)
	}
	return err
}

func (c *contained) prepared() bool { return c.help != nil }

// ask implements place. There is none when it could not follow nginx into a new namespace.
func (c *contained) ask(ctx context.Context, req agent.Request) (agent.Response, error) {
	if c.help == nil {
		return agent.Response{}, errors.New("the helper beside nginx is not there")
	}
	return c.help.Ask(ctx, req)
}

// putAt implements place. The helper sees what is mounted with its folder.
func (c *contained) putAt(ctx context.Context, f model.FileChange) (time.Time, error) {
	e, real, err := fsys.Locate(c.files(ctx), f)
	if err != nil || e.Content == nil && e.Link == "" {
		return time.Time{}, err
	}
	_, memory := c.memoryOf(real)
	if m, mounted := mountOf(c.info, real); memory || !mounted || m.Destination == real {
		return time.Time{}, nil
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	resp, err := c.ask(ctx, agent.Request{PutAt: real})
	if err == nil && resp.Error != "" {
		return time.Time{}, nil // nothing is refused for what cannot be told
	}
	return resp.PutAt, err
}

// close ends the helper; its container removes itself, and is removed where it does not.
func (h *companion) close(ctx context.Context) error {
	if h == nil {
		return nil
	}
	h.streams.Close()
	return h.nginx.removeOwn(ctx, h.id)
}

// takeOver implements place. The helper stays where it is while nginx has its network namespace.
func (c *contained) takeOver(ctx context.Context, from place) error {
	old, ok := from.(*contained)
	if !ok || old.id() != c.id() || old.info.State.StartedAt != c.info.State.StartedAt {
		return from.close(ctx)
	}
	c.help, old.help = old.help, nil
	c.waiting, old.waiting = old.waiting, nil
	return nil
}

// close implements place.
func (c *contained) close(ctx context.Context) error {
	c.waiting.close()
	help := c.help
	c.help, c.waiting = nil, nil
	return help.close(ctx)
}
