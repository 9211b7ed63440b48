package swarm

import (
	"testing"

	"github.com/docker/docker/api/types/swarm"
)

// TestAway: nginx may serve users on a node that cannot be asked from this one, n1.
func TestAway(t *testing.T) {
	attachment := func(container, node string, state swarm.TaskState) swarm.Task {
		task := swarm.Task{NodeID: node, Status: swarm.TaskStatus{State: state}}
		task.Spec.NetworkAttachmentSpec = &swarm.NetworkAttachmentSpec{ContainerID: container}
		return task
	}
	down := func(id string) swarm.Node {
		n := node(id)
		n.Status.State = swarm.NodeStateDown
		return n
	}
	nodes := map[string]swarm.Node{"n1": node("n1"), "n2": node("n2"), "n3": node("n3"), "n4": down("n4")}
	for name, test := range map[string]struct {
		at       string
		attached []swarm.Task
		found    bool // on n1
		want     string
	}{
		"attached there": {"n2", []swarm.Task{attachment("edge", "n2", swarm.TaskStateRunning)}, false, "host-n2"},
		"attached there, and another one is here":  {"n2", []swarm.Task{attachment("other", "n1", swarm.TaskStateRunning), attachment("edge", "n2", swarm.TaskStateRunning)}, true, "host-n2"},
		"attached to no network":                   {"n2", nil, false, "host-n2"},
		"attached to no network, and made here":    {"n2", nil, true, ""},
		"not attached any more, and made here":     {"n2", []swarm.Task{attachment("edge", "n2", swarm.TaskStateShutdown)}, true, ""},
		"not attached any more, and none is here":  {"n2", []swarm.Task{attachment("edge", "n2", swarm.TaskStateShutdown)}, false, "host-n2"},
		"its node is down":                         {"n4", []swarm.Task{attachment("edge", "n4", swarm.TaskStateRunning)}, false, ""},
		"its node left":                            {"n9", nil, false, ""},
		"its node left and joined with another id": {"n9", []swarm.Task{attachment("edge", "n3", swarm.TaskStateRunning)}, false, "host-n3"},
		"this node left and joined again":          {"n9", []swarm.Task{attachment("edge", "n1", swarm.TaskStateRunning)}, true, ""},
	} {
		if got := away(test.attached, nodes, "n1", test.at, "edge", test.found); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
