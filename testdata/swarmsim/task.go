package swarmsim

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// scale gives a service as many tasks as its specification wants, spread over the nodes.
func (s *Swarm) scale(service object) {
	want := 1
	if n, ok := service.in("Spec").in("Mode").in("Replicated")["Replicas"].(float64); ok {
		want = int(n)
	}
	have := 0
	s.tasks = slices.DeleteFunc(s.tasks, func(t *task) bool {
		if t.service != service.id() {
			return false
		}
		have++
		return have > want
	})
	for slot := have + 1; slot <= want; slot++ {
		node := s.nodes[len(s.tasks)%len(s.nodes)]
		s.tasks = append(s.tasks, &task{id: s.newID(), service: service.id(), node: node.id(), slot: slot, made: time.Now()})
	}
}

// states are those that a task goes through, and the part of HealthyAfter after which it reaches each.
var states = []struct {
	name, message string
	after         float64
}{
	{"pending", "pending task scheduling", 0}, {"assigned", "scheduler assigned task to node", 0.02}, {"preparing", "preparing", 0.05},
	{"starting", "starting", 0.2}, {"running", "started", 1},
}

// describe is what the API says of a task now.
func (s *Swarm) describe(t *task) object {
	state := states[0]
	for _, next := range states {
		if time.Since(t.made) >= time.Duration(next.after*float64(s.HealthyAfter)) {
			state = next
		}
	}
	if state.name == t.state {
		return t.described
	}
	one := recorded("task")
	t.state, t.described = state.name, one
	one["ID"], one["ServiceID"], one["NodeID"], one["Slot"] = t.id, t.service, t.node, t.slot
	spec := object(maps.Clone(s.service(t.service).in("Spec").in("TaskTemplate")))
	delete(spec, "Runtime") // a service has it, and its tasks do not
	one["Spec"] = map[string]any(spec)
	reached := t.made.Add(time.Duration(state.after * float64(s.HealthyAfter)))
	one.stamp(len(s.tasks), t.made, "CreatedAt")
	one["UpdatedAt"] = reached.UTC().Format(time.RFC3339Nano)
	status := one.in("Status")
	status["State"], status["Message"], status["Timestamp"] = state.name, state.message, reached.UTC().Format(time.RFC3339Nano)
	if state.name == "pending" {
		delete(one, "NodeID")
	}
	if state.after < 0.2 {
		delete(status, "ContainerStatus")
	} else {
		status.containerOf(t)
	}
	return one
}

func (status object) containerOf(t *task) {
	c := status.in("ContainerStatus")
	c["ContainerID"], c["PID"], c["ExitCode"] = fmt.Sprintf("%064s", t.id), 1000, 0
}
