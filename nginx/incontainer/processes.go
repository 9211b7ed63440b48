package incontainer

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"bluegate/compose/engine"
	"bluegate/nginx/agent"
)

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
