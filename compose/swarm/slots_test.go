package swarm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"

	"bluegate/deploy/gate"
)

var t0 = time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)

// tasksOf makes tasks of a service, one a line, the oldest first:
//
//	a slot 1 on n1 desired running is running: the error
//
// A task of a global service is written "node n1" in the place of the slot.
func tasksOf(text string) (all []swarm.Task) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		head, why, _ := strings.Cut(strings.TrimSpace(line), ": ")
		w := strings.Fields(head)
		t := swarm.Task{ID: w[0], ServiceID: "was"}
		t.CreatedAt = t0.Add(time.Duration(len(all)) * time.Second)
		for i := 1; i+1 < len(w); i += 2 {
			switch w[i] {
			case "slot":
				_, _ = fmt.Sscan(w[i+1], &t.Slot)
			case "on":
				t.NodeID = w[i+1]
			case "desired":
				t.DesiredState = swarm.TaskState(w[i+1])
			case "is":
				t.Status = swarm.TaskStatus{State: swarm.TaskState(w[i+1]), Err: why, Timestamp: t.CreatedAt.Add(time.Minute)}
			case "exit":
				t.Status.ContainerStatus = &swarm.ContainerStatus{}
				_, _ = fmt.Sscan(w[i+1], &t.Status.ContainerStatus.ExitCode)
			}
		}
		all = append(all, t)
	}
	return all
}

func node(id string) swarm.Node {
	n := swarm.Node{ID: id}
	n.Description.Hostname = "host-" + id
	return n
}

var twoNodes = map[string]swarm.Node{"n1": node("n1"), "n2": node("n2")}

func replicated(n uint64, labels ...string) swarm.Service {
	s := swarm.Service{ID: "was"}
	s.Spec.Name, s.Spec.Labels = "shop-blue_was", map[string]string{stackLabel: "shop-blue"}
	for i := 0; i+1 < len(labels); i += 2 {
		s.Spec.Labels[labels[i]] = labels[i+1]
	}
	s.Spec.Mode.Replicated = &swarm.ReplicatedService{Replicas: &n}
	s.Spec.TaskTemplate.ContainerSpec = &swarm.ContainerSpec{}
	return s
}

func global(constraints ...string) swarm.Service {
	s := replicated(0)
	s.Spec.Mode = swarm.ServiceMode{Global: &swarm.GlobalService{}}
	s.Spec.TaskTemplate.Placement = &swarm.Placement{Constraints: constraints}
	return s
}

// TestSlots: which tasks a service has now, and which of them came before.
func TestSlots(t *testing.T) {
	for name, test := range map[string]struct {
		service swarm.Service
		tasks   string
		want    string // each slot with its tasks, the newest first
	}{
		"two": {replicated(2), `
			a slot 1 on n1 desired running is running
			b slot 2 on n2 desired running is starting`, "1[a] 2[b]"},
		"one was replaced": {replicated(1), `
			a slot 1 on n1 desired shutdown is failed exit 3: task: non-zero exit (3)
			b slot 1 on n2 desired running is preparing`, "1[b a]"},
		"more than nine": {replicated(10), `
			a slot 10 on n1 desired running is running
			b slot 9 on n1 desired running is running`, "9[b] 10[a]"},
		"being scaled down":         {replicated(0), "a slot 1 on n1 desired remove is running", "1[a]"},
		"scaled down":               {replicated(0), "a slot 1 on n1 desired remove is shutdown", "1[]"},
		"retired":                   {replicated(0, slotsLabel, "1,2,3"), "", "1[] 2[] 3[]"},
		"no task yet":               {replicated(1), "", "1[]"},
		"failed, not started again": {replicated(1), "a slot 1 on n1 desired shutdown is failed exit 1", "1[a]"},
		"completed":                 {replicated(1), "a slot 1 on n1 desired shutdown is complete exit 0", "1[a]"},
		"global": {global(), `
			a on n1 desired running is running
			b on n2 desired running is running`, "host-n1[a] host-n2[b]"},
		"global, a node left":      {global(), "a on n1 desired running is running\nb on n2 desired shutdown is shutdown", "host-n1[a]"},
		"global, retired":          {global(nowhere), "a on n1 desired shutdown is shutdown", "1[]"},
		"global, before it begins": {global(), "", "1[]"},
	} {
		var got []string
		for _, s := range slotsOf(test.service, tasksOf(test.tasks), twoNodes) {
			var ids []string
			for _, task := range s.tasks {
				ids = append(ids, task.ID)
			}
			got = append(got, fmt.Sprintf("%s[%s]", s.suffix, strings.Join(ids, " ")))
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%s: %s, want %s", name, text, test.want)
		}
	}
}

// TestSamples: what the gate is told of a task. A healthcheck is one of the service's label.
func TestSamples(t *testing.T) {
	for name, test := range map[string]struct {
		probe, task string
		want        string // state/health streak exit: error, or what it waits for
	}{
		"new":                {"1s 1s 0s 3", "a slot 1 desired running is new", "created/ 0 0: its task is new"},
		"no node":            {"1s 1s 0s 3", "a slot 1 desired running is pending: no suitable node", "created/ 0 0: no node takes its task: no suitable node"},
		"pulls":              {"1s 1s 0s 3", "a slot 1 on n1 desired running is preparing", "created/ 0 0: its image is pulled on node host-n1"},
		"starts":             {"1s 1s 0s 3", "a slot 1 on n1 desired running is starting", "running/starting 0 0: "},
		"starts, no check":   {"none", "a slot 1 on n1 desired running is starting", "created/ 0 0: its task is starting on node host-n1"},
		"runs":               {"1s 1s 0s 3", "a slot 1 on n1 desired running is running", "running/healthy 0 0: "},
		"runs, no check":     {"none", "a slot 1 on n1 desired running is running", "running/ 0 0: "},
		"crashed":            {"1s 1s 0s 3", "a slot 1 on n1 desired shutdown is failed exit 3: task: non-zero exit (3)", "exited/ 0 3: task: non-zero exit (3) on node host-n1"},
		"became unhealthy":   {"1s 1s 0s 3", "a slot 1 on n1 desired shutdown is failed exit 137: task: non-zero exit (137): dockerexec: unhealthy container", "running/unhealthy 3 137: task: non-zero exit (137): dockerexec: unhealthy container on node host-n1"},
		"no such image":      {"1s 1s 0s 3", "a slot 1 on n1 desired shutdown is rejected: No such image: shop:v9", "created/ 0 0: the Swarm tries again: No such image: shop:v9 on node host-n1"},
		"done":               {"none", "a slot 1 on n1 desired shutdown is complete exit 0", "exited/ 0 0: "},
		"done, with a check": {"1s 1s 0s 3", "a slot 1 on n1 desired shutdown is complete exit 0", "exited/ 0 0: its healthcheck failed, or it ended by itself: of a process that then exits with 0 the Swarm says no more than finished on node host-n1"},
		"its node was lost":  {"1s 1s 0s 3", "a slot 1 on n1 desired shutdown is orphaned", "exited/ 0 0: the Swarm ended its task on node host-n1 (orphaned)"},
		"someone stopped it": {"1s 1s 0s 3", "a slot 1 on n1 desired shutdown is shutdown", "exited/ 0 0: the Swarm ended its task on node host-n1 (shutdown)"},
	} {
		s := slotsOf(replicated(1, probeLabel, test.probe), tasksOf(test.task), twoNodes)
		if len(s[0].tasks) == 0 { // what was given up is told by the watcher alone
			s = []slot{{service: replicated(1, probeLabel, test.probe), suffix: "1", tasks: tasksOf(test.task)}}
		}
		node := ""
		if s[0].task().NodeID != "" {
			node = "host-" + s[0].task().NodeID
		}
		got := sampleOf(s[0], s[0].task(), "was", node, t0)
		if text := fmt.Sprintf("%s/%s %d %d: %s%s", got.State, got.Health, got.FailingStreak, got.ExitCode, got.Error, got.Waits); text != test.want {
			t.Errorf("%s: %q, want %q", name, text, test.want)
		}
	}
}

// TestGateRefusesAReplacedTask: a task that took another one's place is a restart, whether or not the first one was seen to
// fail, and the same tasks have to run throughout gate.stable.
func TestGateRefusesAReplacedTask(t *testing.T) {
	m := &memory{slots: map[string]map[string]*remembered{}}
	service := replicated(1, probeLabel, "1s 1s 0s 3")
	g := gate.New([]gate.Expected{{Service: "was", Replicas: 1, Probe: &gate.Probe{}}}, 5*time.Second, t0.Add(time.Minute))
	tell := func(at time.Duration, tasks string) gate.Verdict {
		for _, s := range slotsOf(service, tasksOf(tasks), twoNodes) {
			sample := sampleOf(s, s.task(), "was", "host", t0.Add(at))
			m.note(s, &sample)
			g.Observe(sample)
		}
		return g.Verdict(t0.Add(at))
	}
	if v := tell(time.Second, "a slot 1 on n1 desired running is running"); v.Decision != gate.Waiting {
		t.Fatalf("%+v", v)
	}
	v := tell(2*time.Second, "a slot 1 on n1 desired shutdown is shutdown\nb slot 1 on n2 desired running is running")
	if v.Decision != gate.Refused || v.Reasons[0].Code != gate.CodeRestarting {
		t.Errorf("%+v", v)
	}
}

// TestRetireAndRevive: a service that retired and comes back is what it was.
func TestRetireAndRevive(t *testing.T) {
	for name, service := range map[string]swarm.Service{"replicated": replicated(3), "global": global("node.role == worker")} {
		gone := retired(service.Spec, []string{"1", "2", "3"})
		if !isRetired(gone) || isRetired(service.Spec) || isRetired(revived(gone)) {
			t.Errorf("%s: retired %t, before %t, after %t", name, isRetired(gone), isRetired(service.Spec), isRetired(revived(gone)))
		}
		back := revived(gone)
		if name == "replicated" && *back.Mode.Replicated.Replicas != 3 {
			t.Errorf("%s: %d replicas", name, *back.Mode.Replicated.Replicas)
		}
		if name == "global" && strings.Join(back.TaskTemplate.Placement.Constraints, ",") != "node.role == worker" {
			t.Errorf("%s: %v", name, back.TaskTemplate.Placement.Constraints)
		}
	}
}

// TestMeets compares as the Swarm's scheduler does.
func TestMeets(t *testing.T) {
	n := node("n1")
	n.Spec.Role, n.Spec.Labels = swarm.NodeRoleManager, map[string]string{"zone": "A"}
	n.Description.Platform.OS = "linux"
	for constraint, want := range map[string]bool{
		"node.role == manager": true, "node.role==worker": false, "node.role != worker": true, "node.labels.zone == a": true, "node.labels.zone != A": false,
		"node.labels.other == x": false, "node.labels.other != x": true, "node.hostname == HOST-N1": true, "node.id == n1": true, "node.platform.os == linux": true,
		"nobody.knows == this": true, nowhere: false,
	} {
		if got := meets(n, []string{constraint}); got != want {
			t.Errorf("%s: %t", constraint, got)
		}
	}
}

// TestPublishedBy: a port of mode host is at the node of its task alone, and one of the routing mesh at each node.
func TestPublishedBy(t *testing.T) {
	port := func(n uint32, mode swarm.PortConfigPublishMode) swarm.PortConfig {
		return swarm.PortConfig{Protocol: swarm.PortConfigProtocolTCP, TargetPort: 3000, PublishedPort: n, PublishMode: mode}
	}
	service, task := replicated(1), swarm.Task{}
	service.Endpoint.Ports = []swarm.PortConfig{port(80, swarm.PortConfigPublishModeIngress), port(8081, swarm.PortConfigPublishModeHost)}
	task.Status.PortStatus.Ports = []swarm.PortConfig{port(8081, swarm.PortConfigPublishModeHost)}
	for name, test := range map[string]struct {
		here    bool
		address string
		want    string
	}{
		"here":              {true, "192.0.2.7", "[{ 80 3000} { 8081 3000}]"},
		"on another node":   {false, "192.0.2.8", "[{ 80 3000} {192.0.2.8 8081 3000}]"},
		"on a node unknown": {false, "", "[{ 80 3000}]"},
	} {
		if got := fmt.Sprint(publishedBy(service, task, test.here, test.address)); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
