package swarm

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/swarm"
)

// slot is the place of one task of a service: a number, or a node for a global service. Its tasks follow each other.
type slot struct {
	service swarm.Service
	suffix  string       // of its name: 1, or the name of the node
	tasks   []swarm.Task // the newest first; none: the service is retired, or has none yet
}

// key tells slots apart.
func (s slot) key() string { return s.service.ID + "." + s.suffix }

// name is what the Swarm calls the containers of the slot, without the id of the task.
func (s slot) name() string { return s.service.Spec.Name + "." + s.suffix }

// task is the current one.
func (s slot) task() swarm.Task { return s.tasks[0] }

// ended are the states of a task that does not run any more.
var ended = []swarm.TaskState{
	swarm.TaskStateComplete, swarm.TaskStateShutdown, swarm.TaskStateFailed, swarm.TaskStateRejected, swarm.TaskStateOrphaned, swarm.TaskStateRemove,
}

func hasEnded(t swarm.Task) bool { return slices.Contains(ended, t.Status.State) }

// failed says that a task ended by itself, or could not be started. What the Swarm ended was shut down.
func failed(t swarm.Task) bool {
	return t.Status.State == swarm.TaskStateFailed || t.Status.State == swarm.TaskStateRejected
}

// endedItself says that a task's process ended, or was ended because its healthcheck failed: a process that then ends with
// exit code 0 completes its task.
func endedItself(t swarm.Task) bool { return failed(t) || t.Status.State == swarm.TaskStateComplete }

// slotsOf are the slots of a service, at least one: those of its tasks, and those that it had before it retired. A slot that
// was given up is one of them until its task has ended.
func slotsOf(service swarm.Service, tasks []swarm.Task, nodes map[string]swarm.Node) []slot {
	bySuffix := map[string]*slot{}
	var all []*slot
	for _, t := range tasks {
		if t.ServiceID != service.ID {
			continue
		}
		suffix := strconv.Itoa(t.Slot)
		if t.Slot == 0 {
			suffix = nodeName(nodes, t.NodeID)
		}
		if bySuffix[suffix] == nil {
			bySuffix[suffix] = &slot{service: service, suffix: suffix}
			all = append(all, bySuffix[suffix])
		}
		bySuffix[suffix].tasks = append(bySuffix[suffix].tasks, t)
	}
	var out []slot
	for _, one := range all {
		slices.SortFunc(one.tasks, newestFirst)
		if !givenUp(one.task()) {
			out = append(out, *one)
		}
	}
	switch {
	case len(out) > 0:
	case isRetired(service.Spec):
		out = retiredSlots(service)
	default: // the Swarm has not made its tasks yet, or no node may run one
		out = []slot{{service: service, suffix: "1"}}
	}
	slices.SortFunc(out, func(a, b slot) int {
		return cmp.Or(cmp.Compare(len(a.suffix), len(b.suffix)), cmp.Compare(a.suffix, b.suffix))
	})
	return out
}

func newestFirst(a, b swarm.Task) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.Version.Index, a.Version.Index))
}

// givenUp says that the Swarm has ended a slot: by a scale, or because a node does not take part any more. A task that
// failed or completed and is not to be started again stays.
func givenUp(newest swarm.Task) bool {
	leaves := newest.DesiredState == swarm.TaskStateRemove || newest.DesiredState == swarm.TaskStateShutdown
	return leaves && hasEnded(newest) && !endedItself(newest)
}

// retiredSlots are the slots that a service had before it retired, by its label.
func retiredSlots(service swarm.Service) (all []slot) {
	for suffix := range strings.SplitSeq(cmp.Or(service.Spec.Labels[slotsLabel], "1"), ",") {
		all = append(all, slot{service: service, suffix: suffix})
	}
	return all
}
