package incontainer

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// agentHolder is the agent, started if there is none. Several questions may be the first.
type agentHolder struct {
	following sync.Mutex // one looks whether nginx was restarted
	starting  sync.Mutex
	mu        sync.Mutex // of the rest
	help      *agentContainer
	attached  bool // there was one next to an nginx that ran
}

func (a *agentHolder) set(help *agentContainer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.help = help
	a.attached = a.attached || help.root.Load() != 0
}

// take moves the agent elsewhere.
func (a *agentHolder) take() *agentContainer {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	help := a.help
	a.help = nil
	return help
}

// drop forgets one agent, and no other that has taken its place meanwhile.
func (a *agentHolder) drop(help *agentContainer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.help == help {
		a.help = nil
	}
}

func (a *agentHolder) now() *agentContainer {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.help
}

func (a *agentHolder) wasAttached() bool {
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.attached
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
	binary, args, err := c.executable(ctx)
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

// executable is what runs in the agent's container.
func (c *Nginx) executable(ctx context.Context) ([]byte, []string, error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	version, err := c.Engine.ServerVersion(ask)
	if err != nil {
		return nil, nil, fmt.Errorf("ask the engine for its architecture: %w", err)
	}
	return c.Opts.Helper(version.Arch)
}

// scope says which processes of the PID namespace are nginx's.
func (c *Nginx) scope() agent.Scope {
	switch mode := c.Info.HostConfig.PidMode; {
	case mode.IsHost():
		return agent.Scope{Under: c.Info.State.Pid}
	case mode.IsContainer():
		return agent.Scope{Title: c.title}
	}
	return agent.Scope{}
}

// firstProcess is the container's first process as the agent sees it; 0 where the PID namespace is another container's.
func (c *Nginx) firstProcess() int {
	switch mode := c.Info.HostConfig.PidMode; {
	case mode.IsHost():
		return c.Info.State.Pid
	case mode.IsContainer():
		return 0
	}
	return 1
}

func (h *agentContainer) processes(ctx context.Context) (agent.Snapshot, error) {
	scope := h.nginx.scope()
	resp, err := answer(ctx, h.Ask, agent.Request{Processes: &scope})
	if err != nil {
		return agent.Snapshot{}, fmt.Errorf("list the processes of %s: %w", h.nginx, err)
	}
	now, err := agent.Sort(resp.Processes)
	if err == nil {
		h.root.Store(int64(now.Master.PID)) // a supervisor may have started another master
	}
	return now, err
}

// Processes implements instance.Instance. A worker's title changes in the same turn of its loop that closes its listening sockets, so
// accepting and leaving are told apart exactly. An agent that ended with nginx is followed by another once nginx runs
// again.
func (c *Nginx) Processes(ctx context.Context) (agent.Snapshot, error) {
	help := c.agent.now()
	if help == nil && !c.agent.wasAttached() || help != nil && help.root.Load() == 0 {
		return c.listed(ctx)
	}
	if help != nil {
		now, err := help.processes(ctx)
		// In a PID namespace that is not nginx's own, the agent outlives it: there it finds the old one no more.
		if !errors.Is(err, agent.ErrEnded) && !(errors.Is(err, agent.ErrNoMaster) && c.scope() != (agent.Scope{})) {
			return now, err
		}
	}
	// What the engine's ps tells has neither ages nor ids that last, and nothing is proven by it.
	if err := c.Follow(ctx, nil); err != nil {
		return agent.Snapshot{}, err
	}
	help, err := c.started(ctx, nil)
	if err != nil {
		return agent.Snapshot{}, err
	}
	return help.processes(ctx)
}

// listed asks the engine for the processes. It tells how nginx was started, and that it runs; nothing of ages and states,
// which not every ps of an engine's machine knows (BusyBox's has these columns only).
func (c *Nginx) listed(ctx context.Context) (agent.Snapshot, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	top, err := c.Engine.ContainerTop(ctx, c.ID(), []string{"-eo", "pid,ppid,args"})
	if err != nil {
		return agent.Snapshot{}, fmt.Errorf("list the processes of container %.12s: %w", c.ID(), err)
	}
	var all []agent.Process
	for _, row := range top.Processes {
		if len(row) < 3 {
			continue
		}
		pid, err1 := strconv.Atoi(row[0])
		ppid, err2 := strconv.Atoi(row[1])
		if err := errors.Join(err1, err2); err != nil {
			return agent.Snapshot{}, fmt.Errorf("list the processes of container %.12s: %w", c.ID(), err)
		}
		all = append(all, agent.NewProcess(pid, ppid, row[2]))
	}
	return agent.Sort(all)
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

func (h *agentContainer) has(mounts []mount.Mount) bool {
	return !slices.ContainsFunc(mounts, func(m mount.Mount) bool { return !h.mounted(m) })
}

// mounted says whether it has a mount at that place.
func (h *agentContainer) mounted(m mount.Mount) bool {
	return slices.ContainsFunc(h.mounts, func(o mount.Mount) bool { return o.Target == m.Target && o.ReadOnly == m.ReadOnly })
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

// writeMounts are the mounts through which a switch of these files writes, for an agent of its own: those that nginx may
// only read, where they hold a configuration. What nginx may write is written below its root; of an nginx that does not
// run nothing is seen but by such a mount. A command that only looks has none.
func (c *Nginx) writeMounts(ctx context.Context, files []model.FileChange) (mounts []mount.Mount, err error) {
	if c.Opts.Unlocked {
		return nil, nil
	}
	var names []string
	for _, f := range files {
		_, real, err := fsys.Locate(c.seen(ctx, c.agent.now()), f)
		if err != nil {
			return nil, err
		}
		names = append(names, f.Path, real)
	}
	for _, m := range c.Info.Mounts {
		holds := func(name string) bool { at, ok := MountOf(c.Info, name); return ok && at.Destination == m.Destination }
		needed := slices.ContainsFunc(names, holds) || c.Running && c.main != "" && (holds(c.main) || fsys.Under(m.Destination, path.Dir(c.main)))
		if m.Type == mount.TypeTmpfs || strings.HasSuffix(m.Source, ".sock") || c.Running && m.RW || !needed {
			continue
		}
		mounts = append(mounts, Remount(c.Info, m, false))
	}
	return mounts, nil
}

// ownMount says whether the agent writes a file through a mount of its own.
func (h *agentContainer) ownMount(real string) bool {
	m, ok := MountOf(h.nginx.Info, real)
	_, memory := h.nginx.TmpfsOf(real)
	return ok && !memory && h.mounted(Remount(h.nginx.Info, m, false))
}
