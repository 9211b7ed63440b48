package gate_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bluegate/deploy/gate"
)

// TestBudget states the sums. Each service with a healthcheck has a margin of 10 s, and each container 1 s to start.
func TestBudget(t *testing.T) {
	probe := func(start, interval, timeout time.Duration, retries int) *gate.Probe {
		return &gate.Probe{StartPeriod: start, Interval: interval, Timeout: timeout, Retries: retries}
	}
	ten := probe(0, 1*time.Second, 1*time.Second, 4) // 4 × (1 + 1) + 1, and a margin of 10: 19 s
	after := func(service string, c gate.Condition) []gate.Dependency {
		return []gate.Dependency{{Service: service, Condition: c}}
	}
	for _, test := range []struct {
		name     string
		expected []gate.Expected
		want     time.Duration
	}{
		{"nothing", nil, 0},
		{"start_period + retries × (interval + timeout) + timeout", []gate.Expected{
			{Service: "app", Replicas: 1, Probe: probe(time.Minute, 10*time.Second, 5*time.Second, 3)},
		}, 60*time.Second + 3*15*time.Second + 5*time.Second + 10*time.Second + time.Second},
		{"retries that are not given are three", []gate.Expected{
			{Service: "app", Replicas: 1, Probe: probe(0, 10*time.Second, 5*time.Second, 0)},
		}, 3*15*time.Second + 5*time.Second + 10*time.Second + time.Second},
		{"no healthcheck", []gate.Expected{{Service: "app", Replicas: 1}}, 61 * time.Second},
		{"a one-shot, whatever it inherited", []gate.Expected{
			{Service: "migrate", Replicas: 1, OneShot: true, Probe: ten},
		}, 601 * time.Second},
		{"side by side the longest counts, and each container takes its time to start", []gate.Expected{
			{Service: "app", Replicas: 3, Probe: ten}, {Service: "db", Replicas: 1},
		}, 64 * time.Second},
		{"behind a healthy one the sums add up", []gate.Expected{
			{Service: "app", Replicas: 1, Probe: ten, After: after("db", gate.Healthy)},
			{Service: "db", Replicas: 1, Probe: ten, After: after("migrate", gate.Completed)},
			{Service: "migrate", Replicas: 1, OneShot: true},
		}, (600 + 19 + 19 + 3) * time.Second},
		{"behind a started one only what that waits for", []gate.Expected{
			{Service: "app", Replicas: 1, Probe: ten, After: after("cache", gate.Started)},
			{Service: "cache", Replicas: 1, Probe: ten, After: after("db", gate.Healthy)},
			{Service: "db", Replicas: 1},
		}, (60 + 19 + 3) * time.Second},
		{"outside the release nothing is waited for", []gate.Expected{
			{Service: "app", Replicas: 1, Probe: ten, After: after("postgres", gate.Healthy)},
		}, 20 * time.Second},
		{"absurd values do not become a deadline in the past", []gate.Expected{
			{Service: "app", Replicas: 1, Probe: probe(math.MaxInt64, time.Hour, time.Hour, math.MaxInt), After: after("db", gate.Healthy)},
			{Service: "db", Replicas: 1, Probe: probe(0, time.Hour, time.Hour, math.MaxInt)},
		}, math.MaxInt64},
		{"nor do negative ones", []gate.Expected{
			{Service: "app", Replicas: -5, Probe: probe(-time.Hour, -time.Hour, -time.Hour, -1)},
		}, 10 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := gate.Budget(test.expected); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestBudgetOfAnyGraph: cycles end, and the order in which a model without cycles is written down does not matter.
func TestBudgetOfAnyGraph(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cyclic := rapid.Bool().Draw(t, "cyclic")
		expected := make([]gate.Expected, rapid.IntRange(1, 12).Draw(t, "services"))
		for i := range expected {
			expected[i] = gate.Expected{Service: fmt.Sprint(i), Replicas: 1, OneShot: rapid.Bool().Draw(t, "one-shot")}
			for j := range expected {
				if (cyclic || j < i) && rapid.Bool().Draw(t, "edge") {
					expected[i].After = append(expected[i].After, gate.Dependency{
						Service:   fmt.Sprint(j),
						Condition: rapid.SampledFrom([]gate.Condition{gate.Started, gate.Healthy, gate.Completed}).Draw(t, "condition"),
					})
				}
			}
		}
		budget := gate.Budget(expected)
		n := time.Duration(len(expected))
		if budget < 61*time.Second || budget > n*(10*time.Minute+time.Second) {
			t.Fatalf("%v is not the budget of %d services", budget, n)
		}
		shuffled := rapid.Permutation(expected).Draw(t, "shuffled")
		if again := gate.Budget(slices.Clone(shuffled)); !cyclic && again != budget {
			t.Fatalf("%v, and in another order %v", budget, again)
		}
	})
}
