package swarm

import (
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"
)

// The log that explains a task which has not run yet is the one of the newest task before it in the same slot.
func TestBefore(t *testing.T) {
	at := func(id string, slot int, node string, second int) swarm.Task {
		return swarm.Task{ID: id, Slot: slot, NodeID: node, Meta: swarm.Meta{CreatedAt: time.Unix(int64(second), 0)}}
	}
	all := []swarm.Task{
		at("a", 1, "x", 1), at("b", 2, "x", 2), at("c", 1, "y", 3), at("d", 1, "x", 4),
		at("e", 0, "x", 1), at("f", 0, "y", 2), at("g", 0, "x", 3),
	}
	for id, want := range map[string]string{"a": "a", "b": "b", "c": "a", "d": "c", "e": "e", "f": "f", "g": "e"} {
		for _, task := range all {
			if task.ID == id {
				if got := before(task, all).ID; got != want {
					t.Errorf("before %s is %s, want %s", id, got, want)
				}
			}
		}
	}
}

func TestComes(t *testing.T) {
	for state, want := range map[swarm.TaskState]bool{
		swarm.TaskStateNew: true, swarm.TaskStatePreparing: true, swarm.TaskStateReady: true, swarm.TaskStateStarting: true,
		swarm.TaskStateRunning: false, swarm.TaskStateFailed: false, swarm.TaskStateComplete: false,
	} {
		if got := comes(swarm.Task{Status: swarm.TaskStatus{State: state}}); got != want {
			t.Errorf("%s: %v, want %v", state, got, want)
		}
	}
}
