package gate_test

import (
	"fmt"
	"testing"
	"time"

	"bluegate/deploy/gate"
)

// A gate is fed by whoever watches the containers, and asked whenever something was seen or Next has come.
func Example() {
	start := time.Date(2026, 11, 20, 11, 45, 0, 0, time.UTC)
	expected := []gate.Expected{{
		Service: "was-green", Replicas: 1,
		Probe: &gate.Probe{Interval: 2 * time.Second, Timeout: time.Second, Retries: 3},
	}}
	g := gate.New(expected, 5*time.Second, start.Add(gate.Budget(expected)))

	sample := gate.Sample{
		At: start.Add(2 * time.Second), ID: "4f1c", Name: "shop-was-green-1", Service: "was-green",
		State: gate.StateRunning, Health: gate.HealthHealthy, StartedAt: start,
	}
	g.Observe(sample)
	v := g.Verdict(sample.At)
	fmt.Println(v.Decision, "until", v.Next.Sub(start))

	sample.At = v.Next
	g.Observe(sample)
	fmt.Println(g.Verdict(sample.At).Decision)
	// Output:
	// waiting until 7s
	// open
}

// TestProgress: an entry per container, seen or not, in the order of Expected, with what a reader wants to know.
func TestProgress(t *testing.T) {
	v := play(t, `
		expect web x2 retries=30 start_period=10s; migrate one-shot; cache no-probe running-suffices; db
		at 1s: migrate running
		at 1s: db created
		at 2s: cache running
		at 2s: web-2 starting streak=7
		verdict at 2s: waiting until 1m0s`)
	// Of web: 10 s, 30 times 1 s + 2 s, and one timeout of 2 s more.
	want := []string{
		"web web-2 running starting 7/30 good=false decided after 1m42s",
		"web    0/30 good=false",
		"migrate migrate running  0/3 good=false",
		"cache cache running  0/3 good=true",
		"db db created  0/3 good=false",
	}
	for i, p := range v.Progress {
		got := fmt.Sprintf("%s %s %s %s %d/%d good=%v", p.Service, p.Name, p.State, p.Health, p.FailingStreak, p.Retries, p.Good)
		if !p.Expected.IsZero() {
			got += fmt.Sprintf(" decided after %v", p.Expected.Sub(p.StartedAt))
		}
		if i >= len(want) || got != want[i] {
			t.Errorf("%d: %s", i, got)
		}
	}
	if len(v.Progress) != len(want) {
		t.Errorf("%d entries, want %d", len(v.Progress), len(want))
	}

	v = play(t, `
		expect app
		at 1s: app paused
		at 2s: app healthy
		verdict at 2s: refused paused(app)`)
	if v.Progress[0].Good {
		t.Error("a container that was refused is good")
	}
}

// TestNoHealthcheckSnippet: C6. What the message offers can be pasted as it stands.
func TestNoHealthcheckSnippet(t *testing.T) {
	v := play(t, `
		expect was-green no-probe
		verdict at 0s: refused no-healthcheck(was-green)`)
	const want = `service "was-green" has no healthcheck, so nothing can tell whether it works. Add one to its Compose file:

services:
  was-green:
    healthcheck:
      # The port is the one that it listens on. An image without curl can carry bluegate's own probe:
      # ["CMD", "/healthcheck", "http://127.0.0.1:8080/"]
      test: ["CMD", "curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/"]
      interval: 2s
      timeout: 2s
      retries: 5
      start_period: 30s

or, where nothing sends it requests, let it pass by running: "gate: {without_healthcheck: {NAME: running}}" in bluegate.yml, with its name without the colour.`
	if got := v.Reasons[0].Message; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// BenchmarkGate is D7 twice over: one round of samples of 200 containers and the verdict on them.
func BenchmarkGate(b *testing.B) {
	const containers = 200
	g := gate.New([]gate.Expected{{Service: "app", Replicas: containers, Probe: &gate.Probe{Retries: 3}}},
		1<<62, epoch.Add(time.Minute))
	samples := make([]gate.Sample, containers)
	for i := range samples {
		name := fmt.Sprintf("shop-app-%d", i+1)
		samples[i] = gate.Sample{
			ID: name, Name: name, Service: "app", StartedAt: epoch, State: gate.StateRunning, Health: gate.HealthHealthy,
			LastProbe: &gate.ProbeResult{Output: "ok"},
		}
	}
	now := epoch
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		for _, s := range samples {
			s.At = now
			g.Observe(s)
		}
		if v := g.Verdict(now); v.Decision == gate.Refused {
			b.Fatal(messages(v))
		}
	}
}
