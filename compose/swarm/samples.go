package swarm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/swarm"

	"bluegate/deploy/gate"
)

// sampleOf says of a slot's task what the gate asks of a container.
//
// The Swarm says "running" of a container with a healthcheck only when it is healthy, and "starting" before. When it becomes
// unhealthy, the Swarm stops it: its task has then failed, or completed if the process exits with 0.
func sampleOf(s slot, t swarm.Task, service, node string, at time.Time) gate.Sample {
	probe := probeOf(s.service.Spec)
	out := gate.Sample{At: at, ID: t.ID, Name: s.name(), Service: service, State: gate.StateCreated}
	on := ""
	if node != "" {
		on = " on node " + node
	}
	if c := t.Status.ContainerStatus; c != nil {
		out.ExitCode = c.ExitCode
	}
	switch t.Status.State {
	case swarm.TaskStateRunning:
		out.State = gate.StateRunning
		if probe != nil {
			out.Health = gate.HealthHealthy
		}
	case swarm.TaskStateStarting:
		if out.Waits = waits(t, on); probe != nil {
			out.State, out.Health, out.Waits = gate.StateRunning, gate.HealthStarting, ""
		}
	case swarm.TaskStateComplete:
		out.State, out.FinishedAt = gate.StateExited, t.Status.Timestamp
		if probe != nil {
			out.Error = "its healthcheck failed, or it ended by itself: of a process that then exits with 0 the Swarm says no more than finished" + on
		}
	case swarm.TaskStateFailed:
		out.State, out.FinishedAt = gate.StateExited, t.Status.Timestamp
		out.Error = cmp.Or(t.Status.Err, t.Status.Message) + on
		if becameUnhealthy(t) && probe != nil {
			out.State, out.Health, out.FailingStreak = gate.StateRunning, gate.HealthUnhealthy, max(probe.Retries, 1)
		}
	case swarm.TaskStateRejected:
		out.Waits = "the Swarm tries again: " + cmp.Or(t.Status.Err, t.Status.Message) + on
	case swarm.TaskStateOrphaned, swarm.TaskStateShutdown, swarm.TaskStateRemove:
		out.State, out.FinishedAt = gate.StateExited, t.Status.Timestamp
		out.Error = fmt.Sprintf("the Swarm ended its task%s (%s)", on, cmp.Or(t.Status.Err, t.Status.Message, string(t.Status.State)))
	default:
		out.Waits, out.Pulls = waits(t, on), t.Status.State == swarm.TaskStatePreparing
	}
	if t.ID == s.task().ID {
		out.Instead = rejectedBefore(s)
		if why := rejectedForGood(s); why != "" && !begun(t) {
			if out.Error, out.Waits, out.Pulls = why, "", false; t.Status.State == swarm.TaskStateRejected {
				out.Error += on
			}
		}
	}
	return out
}

// becameUnhealthy says that the Swarm ended a task because its healthcheck failed.
func becameUnhealthy(t swarm.Task) bool {
	return strings.Contains(t.Status.Err, "unhealthy container")
}

// waits says what a task that was not started yet waits for.
func waits(t swarm.Task, on string) string {
	switch t.Status.State {
	case swarm.TaskStatePreparing:
		return "its image is pulled" + on
	case swarm.TaskStatePending:
		if t.Status.Err != "" {
			return "no node takes its task: " + t.Status.Err
		}
	}
	return fmt.Sprintf("its task is %s%s", t.Status.State, on)
}

// memory is what one answer of the Swarm does not tell: when a task began to run, and that a slot has another task than
// before.
type memory struct {
	mu    sync.Mutex
	skew  time.Duration                     // local time minus the engine's
	slots map[string]map[string]*remembered // by stack and slot
}

type remembered struct {
	task     string
	replaced int
	started  time.Time // of the task
}

// note completes a sample of a slot's current task.
func (m *memory) note(s slot, out *gate.Sample) {
	m.mu.Lock()
	defer m.mu.Unlock()
	stack := s.service.Spec.Labels[stackLabel]
	if m.slots[stack] == nil {
		m.slots[stack] = map[string]*remembered{}
	}
	t, r := s.task(), m.slots[stack][s.key()]
	if r == nil {
		r = &remembered{task: t.ID, replaced: failures(s)}
		m.slots[stack][s.key()] = r
	}
	if r.task != t.ID {
		r.replaced += ranSince(s, r.task)
		r.task, r.started = t.ID, time.Time{}
	}
	if r.started.IsZero() && (t.Status.State == swarm.TaskStateStarting || t.Status.State == swarm.TaskStateRunning) {
		r.started = t.Status.Timestamp.Add(m.skew)
	}
	out.StartedAt, out.RestartCount = r.started, r.replaced
	if out.RestartCount == 0 || out.Error != "" {
		return
	}
	if i := slices.IndexFunc(s.tasks[1:], begun); i >= 0 {
		before := s.tasks[1+i]
		told := sampleOf(s, before, out.Service, "", out.At)
		out.Error = "the task before: " + cmp.Or(told.Error, before.Status.Err, before.Status.Message, string(before.Status.State))
	}
}

// failures is how many earlier tasks of a slot ran and failed.
func failures(s slot) (n int) {
	for _, t := range s.tasks[1:] {
		if endedItself(t) && t.Status.State != swarm.TaskStateRejected || t.Status.State == swarm.TaskStateOrphaned {
			n++
		}
	}
	return n
}

// keep forgets the slots of a stack that are not there any more.
func (m *memory) keep(stack string, there []slot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := map[string]*remembered{}
	for _, s := range there {
		if r, known := m.slots[stack][s.key()]; known {
			kept[s.key()] = r
		}
	}
	m.slots[stack] = kept
}
