package incontainer

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/fsys"
	"bluegate/nginx/instance"
)

// agentContainer is the agent's container: in the network and PID namespaces of nginx's container, made from nginx's own
// image, the one image that is certainly there. It ends with the connection to it, and with nginx's first process, and
// removes itself.
type agentContainer struct {
	*agent.Client
	nginx   *Nginx
	ID      string
	streams *engine.Streams
	mounts  []mount.Mount // through which it writes what nginx may only read
	root    atomic.Int64  // nginx's master, whose root it sees; 0: it was started while nginx did not run
}

// Attach implements instance.Instance.
func (c *Nginx) Attach(ctx context.Context) error {
	if !c.Running {
		return nil
	}
	_, err := c.started(ctx, nil)
	return err
}

// started is the agent, which is started where there is none that is of use. files are those that a switch changes.
func (c *Nginx) started(ctx context.Context, files []model.FileChange) (*agentContainer, error) {
	c.agent.starting.Lock()
	defer c.agent.starting.Unlock()
	if help := c.agent.now(); help != nil {
		mounts, err := c.writeMounts(ctx, files)
		if err != nil {
			return nil, err
		}
		if !help.Ended() && (help.root.Load() != 0) == c.Running && help.has(mounts) {
			return help, nil
		}
		c.agent.drop(help)
		if err := help.close(ctx); err != nil {
			return nil, err
		}
	}
	help, err := c.startAgent(ctx, files)
	if err == nil {
		c.agent.set(help)
	}
	return help, err
}

func (c *Nginx) startAgent(ctx context.Context, files []model.FileChange) (_ *agentContainer, err error) {
	binary, args, err := c.Opts.Helper(ctx)
	if err != nil {
		return nil, err
	}
	h := &agentContainer{nginx: c}
	if h.mounts, err = c.writeMounts(ctx, files); err != nil {
		return nil, err
	}
	host := &container.HostConfig{NetworkMode: c.network(), Mounts: h.mounts, AutoRemove: true}
	if c.Running {
		if err := c.JoinNamespaces(host); err != nil {
			return nil, err
		}
	}
	if h.ID, err = c.createOwn(ctx, "helper", engine.HelperConfig(args), host); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.removeOwn(context.WithoutCancel(ctx), h.ID))
		}
	}()
	if h.streams, err = engine.StartHelper(ctx, c.Engine, h.ID, binary); err != nil {
		return nil, err
	}
	h.Client = agent.NewClient(h.streams, h.streams)
	if !c.Running {
		return h, nil
	}
	_, err = h.processes(ctx)
	return h, err
}

// JoinNamespaces lets the agent see nginx's processes, and its files below their root, which belongs to another user where
// nginx's master does not run as root.
func (c *Nginx) JoinNamespaces(host *container.HostConfig) error {
	runtime := c.Info.HostConfig.Runtime
	for _, isolated := range []string{"kata", "runsc", "gvisor"} {
		if strings.Contains(strings.ToLower(runtime), isolated) {
			return model.Refuse(model.NginxNotSwitched, "%s runs with the runtime %q, which shares no PID namespace with another container, so nothing next to it can see what nginx serves; run nginx with the engine's default runtime", c, runtime)
		}
	}
	host.PidMode = container.PidMode("container:" + c.ID())
	host.UsernsMode = c.Info.HostConfig.UsernsMode
	host.CapAdd = []string{"SYS_PTRACE", "SYS_CHROOT"}
	if profile := c.Info.AppArmorProfile; profile != "" && profile != "unconfined" {
		host.SecurityOpt = []string{"apparmor=" + profile} // a process of another profile may not be looked into
	}
	return nil
}

// act asks an agent for what changes something. It does nothing once the lock has ended: neither here nor, where the
// request waited on its way, at the agent.
func (c *Nginx) act(ctx context.Context, ask func(context.Context, agent.Request) (agent.Response, error), req agent.Request) (agent.Response, error) {
	until, err := c.Opts.LeaseEnd()
	if err != nil {
		return agent.Response{}, err
	}
	if !until.IsZero() {
		req.Until = until.Add(-c.Opts.Skew)
	}
	resp, err := ask(ctx, req)
	if err == nil && resp.Late {
		err = model.ErrLeaseLost
	}
	return resp, err
}

// answer asks an agent within the limit of a question. What went wrong at its end is an error too.
func answer(ctx context.Context, ask func(context.Context, agent.Request) (agent.Response, error), req agent.Request) (agent.Response, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	resp, err := ask(ctx, req)
	if err == nil && resp.Error != "" {
		err = errors.New(resp.Error)
	}
	return resp, err
}

// Dump implements instance.Instance.
func (c *Nginx) Dump(ctx context.Context) (instance.Result, error) {
	return c.Exec(ctx, append([]string{c.command, "-T"}, c.Flags...)...)
}

// Prepare implements instance.Agent. An agent that lacks a mount to write through gives way to one that has it, and so does
// one that has ended, or was started while nginx did not run.
func (c *Nginx) Prepare(ctx context.Context, files []model.FileChange) error {
	_, err := c.started(ctx, files)
	return err
}

func (c *Nginx) Prepared() bool { return c.agent.now() != nil }

// Ask implements instance.Instance. There is none when it could not follow nginx into a new namespace.
func (c *Nginx) Ask(ctx context.Context, req agent.Request) (agent.Response, error) {
	help := c.agent.now()
	if help == nil {
		return agent.Response{}, errors.New("the helper next to nginx is not there")
	}
	return help.Ask(ctx, req)
}

// files are the files as nginx sees them.
func (h *agentContainer) files(ctx context.Context) fsys.Source {
	return agent.NewFiles(ctx, func(ctx context.Context, req agent.Request) (agent.Response, error) {
		ctx, cancel := engine.Asking(ctx)
		defer cancel()
		return h.Ask(ctx, req)
	}, int(h.root.Load()))
}

// close ends the agent; its container removes itself, and is removed where it does not.
func (h *agentContainer) close(ctx context.Context) error {
	if h == nil {
		return nil
	}
	h.streams.Close()
	return h.nginx.removeOwn(ctx, h.ID)
}

// TakeOver implements instance.Instance. The agent stays where it is while nginx is the one that it was started next to.
func (c *Nginx) TakeOver(ctx context.Context, from instance.Instance) error {
	old, ok := from.(*Nginx)
	switch {
	case ok && old == c:
		return nil
	case !ok || old.ID() != c.ID() || old.Info.State.StartedAt != c.Info.State.StartedAt || c.agent.now() != nil:
		return from.Close(ctx)
	}
	if help := old.agent.take(); help != nil {
		help.nginx = c
		c.agent.set(help)
	}
	return nil
}

// Close implements instance.Instance.
func (c *Nginx) Close(ctx context.Context) error { return c.agent.take().close(ctx) }
