package swarm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/swarm"
)

// A node rejects a task that it cannot prepare, and the Swarm makes another one for the slot after a pause. The process of
// a rejected task never ran, so the next task is not a restart. What decides whether the rejection is final is how often the
// Swarm has tried, and what it was about: a network may not be ready on a node for a while, an image that does not exist
// is not there at the next try either.

// rejections is how many tasks of a slot in a row may be rejected.
const rejections = 3

// rejected are the tasks that were rejected last in a slot, in a row, the newest first. The next one may be there already.
func rejected(s slot) (row []swarm.Task) {
	for i, t := range s.tasks {
		switch {
		case t.Status.State == swarm.TaskStateRejected:
			row = append(row, t)
		case i > 0 || begun(t):
			return row
		}
	}
	return row
}

// begun says that the process of a task may have run.
func begun(t swarm.Task) bool {
	return t.Status.State == swarm.TaskStateStarting || t.Status.State == swarm.TaskStateRunning || hasEnded(t) && t.Status.State != swarm.TaskStateRejected
}

// rejectedForGood says why a slot will not have a task that runs; empty: the Swarm tries again, and the deadline decides.
func rejectedForGood(s slot) string {
	row := rejected(s)
	if len(row) == 0 {
		return ""
	}
	why, limit := cmp.Or(row[0].Status.Err, row[0].Status.Message), uint64(rejections)
	if passes(why) {
		limit = 0
	}
	if p := s.service.Spec.TaskTemplate.RestartPolicy; p != nil {
		switch {
		case p.Condition == swarm.RestartPolicyConditionNone: // the Swarm makes no other one
			limit = 1
		case p.MaxAttempts != nil && *p.MaxAttempts > 0 && (limit == 0 || *p.MaxAttempts+1 < limit):
			limit = *p.MaxAttempts + 1 // after the first
		}
	}
	switch n := uint64(len(row)); {
	case limit == 0 || n < limit:
		return ""
	case n == 1:
		return why
	default:
		return fmt.Sprintf("its task was rejected %d times: %s", n, why)
	}
}

// passes says that a rejection is about a network, of which the Swarm has not told the node yet, or which the node has not
// removed yet.
func passes(why string) bool {
	if strings.Contains(why, "No such image") || strings.Contains(why, "manifest") || strings.Contains(why, "pull access") {
		return false
	}
	lower := strings.ToLower(why)
	return slices.ContainsFunc([]string{"pool overlaps", "network", "address space", "ip address"}, func(part string) bool { return strings.Contains(lower, part) })
}

// rejectedBefore are the ids of the tasks that never ran, in whose place the current one of a slot is.
func rejectedBefore(s slot) (ids []string) {
	for _, t := range s.tasks[1:] {
		if t.Status.State == swarm.TaskStateRejected {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// ranSince is how many tasks of a slot may have run since, and with, the one that was current. One that the Swarm does not
// remember any more may have run.
func ranSince(s slot, id string) (n int) {
	for _, t := range s.tasks[1:] {
		if t.Status.State != swarm.TaskStateRejected {
			n++
		}
		if t.ID == id {
			return n
		}
	}
	return n + 1
}
