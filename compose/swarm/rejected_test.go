package swarm

import (
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"

	"bluegate/deploy/gate"
)

const (
	overlaps = "invalid pool request: Pool overlaps with other one on this address space"
	noImage  = "No such image: network/shop:v9"
)

// history is a slot whose tasks end as the words say, the oldest first.
func history(words string, why string) string {
	var lines []string
	for i, word := range strings.Fields(words) {
		line := string(rune('a'+i)) + " slot 1 on n1 desired shutdown is " + word
		if word == "rejected" || word == "failed" {
			line += ": " + why
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// TestRejected: a rejection about a network passes, as long as the deadline is not over; any other one is final at the third
// try, and at once where the Swarm makes no other task.
func TestRejected(t *testing.T) {
	never, twice := swarm.RestartPolicy{Condition: swarm.RestartPolicyConditionNone}, swarm.RestartPolicy{MaxAttempts: new(uint64)}
	*twice.MaxAttempts = 1
	for _, test := range []struct {
		tasks, why string
		policy     *swarm.RestartPolicy
		final      string
	}{
		{"rejected", overlaps, nil, ""},
		{"rejected rejected rejected rejected", overlaps, nil, ""},
		{"rejected rejected rejected preparing", "network shop was not found", nil, ""},
		{"rejected rejected rejected", "could not find an available IP address", nil, ""},
		{"rejected", overlaps, &never, overlaps},
		{"rejected rejected", overlaps, &twice, "its task was rejected 2 times: " + overlaps},
		{"rejected", overlaps, &twice, ""},
		{"rejected", noImage, nil, ""},
		{"rejected rejected", noImage, nil, ""},
		{"rejected rejected assigned", noImage, nil, ""},
		{"rejected rejected rejected", noImage, nil, "its task was rejected 3 times: " + noImage},
		{"rejected rejected rejected assigned", noImage, nil, "its task was rejected 3 times: " + noImage},
		{"rejected rejected rejected running", noImage, nil, ""},
		{"rejected rejected rejected starting", noImage, nil, ""},
		{"rejected failed rejected rejected", noImage, nil, ""},
		{"failed rejected rejected rejected", noImage, nil, "its task was rejected 3 times: " + noImage},
		{"rejected", noImage, &never, noImage},
		{"rejected", "invalid mount config for type \"bind\": bind source path does not exist: /srv", nil, ""},
		{"rejected rejected rejected", "invalid mount config for type \"bind\": bind source path does not exist: /srv", nil, "its task was rejected 3 times: invalid mount config for type \"bind\": bind source path does not exist: /srv"},
		{"pending", "", nil, ""},
		{"running", "", nil, ""},
	} {
		service := replicated(1)
		service.Spec.TaskTemplate.RestartPolicy = test.policy
		s := slotsOf(service, tasksOf(history(test.tasks, test.why)), twoNodes)[0]
		if got := rejectedForGood(s); got != test.final {
			t.Errorf("%s (%.20s): %q, want %q", test.tasks, test.why, got, test.final)
		}
	}
}

// TestGateAfterARejection: what follows a rejected task is not a restart, and passes the gate. A task that ran and was replaced
// is one, whatever was rejected besides.
func TestGateAfterARejection(t *testing.T) {
	for _, test := range []struct {
		name  string
		looks []string // of one slot, a second apart
		why   string
		want  gate.Decision
		says  string
	}{
		{"passes", []string{"preparing", "rejected", "rejected assigned", "rejected running"}, overlaps, gate.Open, ""},
		{"passes at the fourth try", []string{"preparing", "rejected preparing", "rejected rejected rejected assigned", "rejected rejected rejected running"}, overlaps, gate.Open, ""},
		{"was not seen", []string{"preparing", "rejected running"}, overlaps, gate.Open, ""},
		{"was there at the first look", []string{"rejected assigned", "rejected running"}, overlaps, gate.Open, ""},
		{"does not end", []string{"preparing", "rejected", "rejected rejected", "rejected rejected rejected"}, overlaps, gate.Refused, "Pool overlaps"},
		{"no image", []string{"preparing", "rejected", "rejected rejected assigned", "rejected rejected rejected assigned"}, noImage, gate.Refused, "rejected 3 times: No such image"},
		{"ran, and then another was rejected", []string{"running", "shutdown rejected assigned", "shutdown rejected running"}, overlaps, gate.Refused, "started it again"},
		{"failed", []string{"running", "failed running"}, "task: non-zero exit (3)", gate.Refused, "the task before: task: non-zero exit (3)"},
		{"failed, and then another was rejected", []string{"running", "failed rejected running"}, "task: non-zero exit (3)", gate.Refused, "the task before: task: non-zero exit (3)"},
		{"finished", []string{"running", "complete running"}, "", gate.Refused, "the task before: its healthcheck failed, or it ended by itself"},
	} {
		m := &memory{slots: map[string]map[string]*remembered{}}
		service := replicated(1, probeLabel, "1s 1s 0s 3")
		g := gate.New([]gate.Expected{{Service: "was", Replicas: 1, Probe: &gate.Probe{}}}, 5*time.Second, t0.Add(time.Minute))
		at := t0
		for _, look := range test.looks {
			at = at.Add(time.Second)
			for _, s := range slotsOf(service, tasksOf(history(look, test.why)), twoNodes) {
				sample := sampleOf(s, s.task(), "was", "host", at)
				m.note(s, &sample)
				g.Observe(sample)
			}
			if v := g.Verdict(at); v.Decision == gate.Open {
				t.Errorf("%s: open at %s", test.name, look)
			}
		}
		v := g.Verdict(t0.Add(2 * time.Minute))
		if v.Decision != test.want || test.says != "" && !strings.Contains(v.Reasons[0].Message, test.says) {
			t.Errorf("%s: %s %+v", test.name, v.Decision, v.Reasons)
		}
		if test.want == gate.Open && len(v.Progress) != 1 {
			t.Errorf("%s: %+v", test.name, v.Progress)
		}
	}
}
