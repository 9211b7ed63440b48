package swarm

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"bluegate/compose"
	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// Logs calls each for every line of a task's log, in their order, until the log ends or ctx does. The manager fetches it
// from the node. A task that is gone, or a slot without one, has no lines.
func (s *Stack) Logs(ctx context.Context, id string, o compose.LogOptions, each func(compose.LogLine) error) error {
	asking, cancel := engine.Asking(ctx)
	t, _, err := s.engine.TaskInspectWithRaw(asking, id)
	cancel()
	if err == nil {
		stream, failed := s.engine.TaskLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: true, Tail: o.Tail, Since: o.Since, Follow: o.Follow})
		if err = failed; err == nil {
			defer stream.Close()
			return compose.ReadLog(ctx, stream, hasTerminal(t), each)
		}
	}
	if errdefs.IsNotFound(err) {
		return nil
	}
	return s.engine.SwarmUnreachable(fmt.Errorf("read the log of task %s: %w", id, err))
}

// here returns the container of a task as one of this engine's own. A task on another node is a *model.InvalidError: only
// the engine of its node can execute something in it.
func (s *Stack) here(ctx context.Context, c model.Container) (model.Container, error) {
	asking, cancel := engine.Asking(ctx)
	defer cancel()
	t, _, err := s.engine.TaskInspectWithRaw(asking, c.ID)
	if err != nil {
		return c, s.engine.SwarmUnreachable(fmt.Errorf("inspect the task of %s: %w", c.Name, err))
	}
	nodes, err := s.nodes.list(ctx, t.NodeID)
	if err != nil {
		return c, err
	}
	if !s.nodes.here(t.NodeID) || t.Status.ContainerStatus == nil {
		return c, model.Invalid("%s runs on node %s, and only that node's engine can run a check in it; ask from: nginx, or place the service on this manager", c.Name, nodeName(nodes, t.NodeID))
	}
	c.ID = t.Status.ContainerStatus.ContainerID
	return c, nil
}

// Exec runs a command in the container of a task on this node.
func (s *Stack) Exec(ctx context.Context, c model.Container, argv []string) (output []byte, code int, err error) {
	if c, err = s.here(ctx, c); err != nil {
		return nil, 0, err
	}
	return s.files.Exec(ctx, c, argv)
}

// StartSidecar starts a program in the network of the container of a task on this node.
func (s *Stack) StartSidecar(ctx context.Context, c model.Container, executable func(architecture string) ([]byte, []string, error)) (*compose.Sidecar, error) {
	c, err := s.here(ctx, c)
	if err != nil {
		return nil, err
	}
	return s.files.StartSidecar(ctx, c, executable)
}

// Restart is not for the Swarm: it replaces a task that fails or becomes unhealthy by itself.
func (s *Stack) Restart(_ context.Context, c model.Container) error {
	return model.Invalid("%s is not restarted: the Swarm replaces a task that fails or becomes unhealthy by itself", c.Name)
}
