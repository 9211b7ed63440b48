package swarm

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"bluegate/compose"
	"bluegate/compose/engine"
)

// LogTail implements model.Stack. The manager fetches the log from the node of the task. A task whose process has not run
// yet has no log: the one that it replaces has.
func (s *Stack) LogTail(ctx context.Context, id string, lines int) (out []string, err error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	t, err := s.lastRun(ctx, id)
	if err != nil {
		return nil, s.engine.SwarmUnreachable(fmt.Errorf("inspect task %s: %w", id, err))
	}
	stream, err := s.engine.TaskLogs(ctx, t.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(lines)})
	if err != nil {
		return nil, s.engine.SwarmUnreachable(fmt.Errorf("read the log of task %s: %w", t.ID, err))
	}
	defer stream.Close()
	out, err = compose.LastLines(stream, hasTerminal(t))
	return out, s.engine.SwarmUnreachable(err)
}

// lastRun is a task, or, while its process has not run yet, the one before it in its slot.
func (s *Stack) lastRun(ctx context.Context, id string) (swarm.Task, error) {
	t, _, err := s.engine.TaskInspectWithRaw(ctx, id)
	if err != nil || !comes(t) {
		return t, err
	}
	all, err := s.engine.TaskList(ctx, swarm.TaskListOptions{Filters: filters.NewArgs(filters.Arg("service", t.ServiceID))})
	if err != nil {
		return t, err
	}
	return before(t, all), nil
}

// comes says that the process of a task has not been started.
func comes(t swarm.Task) bool { return !hasEnded(t) && t.Status.State != swarm.TaskStateRunning }

// before is the task that another one replaces, or that one where there is none.
func before(t swarm.Task, all []swarm.Task) swarm.Task {
	all = slices.DeleteFunc(slices.Clone(all), func(o swarm.Task) bool {
		return o.Slot != t.Slot || t.Slot == 0 && o.NodeID != t.NodeID || !o.CreatedAt.Before(t.CreatedAt)
	})
	if len(all) == 0 {
		return t
	}
	slices.SortFunc(all, newestFirst)
	return all[0]
}

// hasTerminal says whether the containers of a task have a TTY.
func hasTerminal(t swarm.Task) bool {
	return t.Spec.ContainerSpec != nil && t.Spec.ContainerSpec.TTY
}
