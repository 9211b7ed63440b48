package incontainer

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/docker/docker/api/types/container"

	"bluegate/compose/engine"
	"bluegate/deploy/redact"
	"bluegate/nginx/agent"
	"bluegate/nginx/tunnel"
)

// Tunnel opens connections from nginx's network namespace, through a helper container of its own. The helper ends with the
// connection to it and with nginx's first process; another one is started next to an nginx that was restarted.
type Tunnel struct {
	nginx *Nginx

	mu     sync.Mutex // of what follows
	client *tunnel.Client
	id     string // of its container
	said   *redact.Tail
}

// NewTunnel starts nothing yet.
func (c *Nginx) NewTunnel() *Tunnel { return &Tunnel{nginx: c} }

// Dial opens a connection. *tunnel.UnreachableError says that the address refused it.
func (t *Tunnel) Dial(ctx context.Context, address string) (tunnel.Conn, error) {
	client, err := t.started(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := client.Dial(ctx, address)
	if err == nil || ctx.Err() != nil {
		return conn, err
	}
	// The namespace in which it stands may be that of an nginx that has ended.
	again, followed := t.follow(ctx, client)
	switch {
	case followed != nil:
		return nil, errors.Join(err, followed)
	case !again:
		return nil, err
	}
	if client, err = t.started(ctx); err != nil {
		return nil, err
	}
	return client.Dial(ctx, address)
}

// follow ends a tunnel that is of no use any more, and says whether it did.
func (t *Tunnel) follow(ctx context.Context, client *tunnel.Client) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client != client { // another connection has found out
		return true, nil
	}
	changed, err := t.nginx.again(ctx)
	if err != nil || !changed && !client.Ended() {
		return false, err
	}
	return true, t.end(ctx)
}

// started is the helper, which is started where there is none.
func (t *Tunnel) started(ctx context.Context) (*tunnel.Client, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client != nil {
		return t.client, nil
	}
	if err := t.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start what forwards next to %s: %w", t.nginx, err), t.end(context.WithoutCancel(ctx)))
	}
	return t.client, nil
}

func (t *Tunnel) start(ctx context.Context) error {
	c := t.nginx
	binary, args, err := c.Opts.Helper(ctx)
	if err != nil {
		return err
	}
	host := &container.HostConfig{NetworkMode: c.network(), AutoRemove: true}
	if c.Running {
		host.PidMode = container.PidMode("container:" + c.ID())
		host.UsernsMode = c.Info.HostConfig.UsernsMode
	}
	if t.id, err = c.createOwn(ctx, engine.PreviewRole, engine.HelperConfig(append(args, agent.ForwardArgument)), host); err != nil {
		return err
	}
	t.said = &redact.Tail{Size: 1 << 10}
	streams, err := engine.StartHelperApart(ctx, c.Engine, t.id, binary, t.said)
	if err != nil {
		return err
	}
	t.client, err = tunnel.NewClient(streams, streams, streams.Close)
	return err
}

// end ends the helper and removes its container.
func (t *Tunnel) end(ctx context.Context) (err error) {
	if t.client != nil {
		t.client.Close()
	}
	if t.id != "" {
		err = t.nginx.removeOwn(ctx, t.id)
	}
	t.client, t.id = nil, ""
	return err
}

// Close ends the helper and every connection through it.
func (t *Tunnel) Close(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end(ctx)
}
