package swarm_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/network"

	"bluegate/compose"
	"bluegate/compose/connect"
	"bluegate/compose/load"
	"bluegate/compose/swarm"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/testdata/project"
	"bluegate/testdata/swarmsim"
)

// cost is what a gate asked of a Swarm from the creation of a release to its verdict.
type cost struct {
	verdict time.Duration // after the last task became healthy
	calls   float64       // per second
	bytes   int           // of the largest answer
}

// A gate costs as many requests per second on a hundred nodes as on three, and the answers grow with the number of tasks
// and no faster.
func TestCostOfAGate(t *testing.T) {
	type size struct{ nodes, services, replicas int }
	sizes := []size{{3, 2, 3}, {20, 10, 10}, {100, 20, 50}}
	costs := make([]cost, len(sizes))
	t.Run("measured", func(t *testing.T) {
		for i, s := range sizes {
			t.Run(fmt.Sprint(s.nodes, " nodes"), func(t *testing.T) {
				t.Parallel()
				costs[i] = costOf(t, s.nodes, s.services, s.replicas)
				t.Logf("%3d nodes, %4d tasks: %.1f requests per second, %.1f kB in the largest answer, verdict %s after the last task was healthy and stable",
					s.nodes, s.services*s.replicas, costs[i].calls, float64(costs[i].bytes)/1e3, costs[i].verdict.Round(time.Millisecond))
			})
		}
	})
	if t.Failed() {
		return
	}
	for i, s := range sizes[1:] {
		small, large := costs[0], costs[i+1]
		if large.calls > 1.5*small.calls {
			t.Errorf("%d nodes: %.1f requests per second, with 3 nodes %.1f", s.nodes, large.calls, small.calls)
		}
		each, eachSmall := large.bytes/(s.services*s.replicas), small.bytes/(sizes[0].services*sizes[0].replicas)
		if each > eachSmall*5/4 {
			t.Errorf("%d nodes: %d bytes for each task, with 3 nodes %d", s.nodes, each, eachSmall)
		}
	}
}

const stable = 2 * time.Second

// costOf starts a release on a simulated Swarm, and decides on it.
func costOf(t *testing.T, nodes, services, replicas int) cost {
	t.Helper()
	sim := swarmsim.New(nodes)
	sim.HealthyAfter = 3 * time.Second
	t.Cleanup(sim.Close)
	stack, m := released(t, sim, services, replicas)
	began := time.Now()
	var want []gate.Expected
	for _, s := range m.Services {
		want = append(want, gate.Expected{Service: s.Name, Replicas: s.Replicas, Probe: s.Probe})
	}
	g := gate.New(want, stable, began.Add(time.Minute))
	seen := stack.Watch(t.Context(), m, "r1")
	up := make(chan error, 1)
	go func() {
		up <- stack.Up(t.Context(), m, "r1", func(context.Context) error { return nil })
	}()
	decideOn(t, g, seen, up)
	return measured(sim.Calls(), time.Now(), sim.HealthyAfter)
}

// released is a stack with so many services, read from a Compose file.
func released(t *testing.T, sim *swarmsim.Swarm, services, replicas int) (*swarm.Stack, model.Model) {
	t.Helper()
	var file strings.Builder
	file.WriteString("services:\n")
	for i := range services {
		fmt.Fprintf(&file, `  s%d:
    image: bluegate-shop:v1
    environment: {SERVICE: s%[1]d, PORT: "3000"}
    healthcheck: {test: [CMD, /healthcheck, "http://127.0.0.1:3000/health"], interval: 1s, timeout: 2s, retries: 3, start_period: 5s}
    networks: [edge]
    deploy: {replicas: %d, endpoint_mode: dnsrr}
`, i, replicas)
	}
	file.WriteString("networks:\n  edge: {external: true, name: edge}\n")
	dir := project.Folder(t, map[string]string{"compose.yml": file.String()})
	conn, err := connect.To(t.Context(), sim.Host(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.NetworkCreate(t.Context(), "edge", network.CreateOptions{Driver: "overlay", Attachable: true}); err != nil {
		t.Fatal(err)
	}
	opts := load.Options{Dir: dir, Files: []string{"compose.yml"}, Project: "shop-{colour}", Name: "shop"}
	for i := range services {
		opts.Services = append(opts.Services, fmt.Sprintf("s%d", i))
	}
	files, err := compose.New(conn, opts)
	if err != nil {
		t.Fatal(err)
	}
	stack := swarm.New(conn, files, opts)
	app, err := stack.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return stack, app.Models[model.Green]
}

// decideOn tells the gate what is seen until it opens.
func decideOn(t *testing.T, g *gate.Gate, seen <-chan model.ContainerEvent, up <-chan error) {
	t.Helper()
	wake := time.NewTimer(0)
	for {
		select {
		case err := <-up:
			if err != nil {
				t.Fatal(err)
			}
			up = nil
		case e := <-seen:
			if e.Trouble != nil || e.Gone != "" {
				t.Fatalf("the simulated Swarm is in trouble: %+v", e)
			}
			g.Observe(e.Sample)
		case <-wake.C:
		}
		switch v := g.Verdict(time.Now()); v.Decision {
		case gate.Open:
			return
		case gate.Refused:
			t.Fatalf("refused: %+v", v)
		default:
			wake.Reset(max(time.Until(v.Next), time.Millisecond))
		}
	}
}

// measured counts what was asked from the creation of the last service to the verdict.
func measured(calls []swarmsim.Call, decided time.Time, healthyAfter time.Duration) cost {
	last := 0
	for j, c := range calls {
		if c.Path == "/services/create" {
			last = j
		}
	}
	since := calls[last].At
	c := cost{verdict: decided.Sub(since) - healthyAfter - stable, calls: float64(len(calls)-last-1) / decided.Sub(since).Seconds()}
	for _, call := range calls[last:] {
		c.bytes = max(c.bytes, call.Bytes)
	}
	return c
}
