package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"bluegate/testdata/faults/proxy"
	"bluegate/testdata/stand"
)

// size is what a deployment of many containers cost.
type size struct {
	containers int
	verdict    time.Duration // from the last passing probe to the gate's opening
	cpu        time.Duration
	memory     int64
	waiting    float64 // calls per second while the gate waits
}

// grow deploys colours of more and more containers.
func grow(ctx context.Context, doc *document, bluegate, list string) ([]claim, error) {
	counts, err := numbers(list)
	if err != nil {
		return nil, err
	}
	var sizes []size
	for _, n := range counts {
		s, err := measure(ctx, bluegate, n)
		if err != nil {
			return nil, fmt.Errorf("%d containers: %w", n, err)
		}
		fmt.Printf("%d containers: %+v\n", n, s)
		sizes = append(sizes, s)
	}
	doc.section("scale", scaleTable(sizes)+"\n"+curves(sizes))
	return scaleClaims(sizes), nil
}

func scaleTable(sizes []size) string {
	var b strings.Builder
	b.WriteString("| containers | last healthy to verdict | calls per second while waiting | CPU | peak memory |\n|---|---|---|---|---|\n")
	for _, s := range sizes {
		fmt.Fprintf(&b, "| %d | %d ms | %.1f | %.2f s | %.0f MB |\n", s.containers, s.verdict.Milliseconds(), s.waiting, s.cpu.Seconds(), float64(s.memory)/1e6)
	}
	return b.String()
}

// settled is how long all containers stay healthy before the gate opens: the phase in which nothing happens, whose
// calls are counted.
const settled = 20 * time.Second

func measure(ctx context.Context, bluegate string, n int) (out size, err error) {
	scale := strings.NewReplacer("restart: unless-stopped", fmt.Sprintf("restart: \"no\"\n    scale: %d", (n+1)/2), "interval: 1s", "interval: 30s", "start_period: 5s", "start_period: 0s")
	s, err := stand.New(".", bluegate, stand.Options{
		Config: fmt.Sprintf("gate: {stable: %s, timeout: 10m}\n", settled),
		Edit:   func(_, text string) string { return scale.Replace(text) },
	})
	if err != nil {
		return out, err
	}
	defer func() { _ = s.Close() }()
	var calls atomic.Int64
	p, err := proxy.Listen(filepath.Join(s.Dir, "engine.sock"), "/var/run/docker.sock")
	if err != nil {
		return out, err
	}
	defer p.Close()
	p.Inject(func(proxy.Call) proxy.Fault { calls.Add(1); return proxy.Fault{} })

	cmd := s.Command(ctx, nil, "deploy", "blue")
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+p.Host())
	var report strings.Builder
	watch := &openings{calls: &calls}
	cmd.Stdout, cmd.Stderr = &report, watch
	if err := cmd.Run(); err != nil {
		return out, fmt.Errorf("%w: %s%s", err, report.String(), watch.text.String())
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	out = size{containers: n, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), memory: usage.Maxrss << 10}
	ids, err := stand.Docker("ps", "-q", "--filter", "label=com.docker.compose.project="+s.Name)
	if err != nil {
		return out, err
	}
	healthy, err := firstHealthy(time.Time{}, strings.Fields(ids)...)
	if err == nil && (watch.began.IsZero() || watch.last.IsZero()) {
		err = fmt.Errorf("the progress does not say when the containers were healthy, and when nginx is switched:\n%s", watch.text.String())
	}
	out.verdict, out.waiting = watch.last.Sub(healthy)-settled, watch.rate()
	return out, err
}

// openings reads the progress: between the last container that is healthy and the end of the gate nothing happens, and the calls made then
// are those that waiting costs.
type openings struct {
	text        strings.Builder
	calls       *atomic.Int64
	began, last time.Time
	waited      atomic.Int64 // calls while waiting
}

func (o *openings) Write(p []byte) (int, error) {
	o.text.Write(p)
	if strings.Contains(string(p), ": healthy") {
		first := o.calls.Load()
		o.began = time.Now()
		time.AfterFunc(waiting, func() { o.waited.Store(o.calls.Load() - first) })
	}
	if o.last.IsZero() && !o.began.IsZero() && strings.Contains(string(p), "  switching nginx") {
		o.last = time.Now()
	}
	return len(p), nil
}

// waiting is the part of that in which nothing happens: in the end every container is asked for once more, and the way
// to the switch begins.
const waiting = settled - 3*time.Second

func (o *openings) rate() float64 { return float64(o.waited.Load()) / waiting.Seconds() }
