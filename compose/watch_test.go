package compose

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"bluegate/compose/engine"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
	"bluegate/testdata/pace"
)

// watched collects what a watch reports until an expected event arrives.
type watched struct {
	t    *testing.T
	seen <-chan model.ContainerEvent
	end  context.CancelFunc
	all  []string
}

func (b *bench) watch(s *Stack, app model.Application, release string) *watched {
	ctx, cancel := context.WithCancel(b.T.Context())
	b.T.Cleanup(cancel)
	return &watched{t: b.T, seen: s.Watch(ctx, app.Models[model.Blue], release), end: cancel}
}

// until returns the first expected event.
func (w *watched) until(what string, within time.Duration, wanted func(model.ContainerEvent) bool) model.ContainerEvent {
	w.t.Helper()
	within = pace.Limit(2 * within)
	limit := time.After(within)
	for {
		select {
		case seen, open := <-w.seen:
			if !open {
				w.t.Fatalf("%s: the watch ended", what)
			}
			w.all = append(w.all, brief(seen))
			if wanted(seen) {
				return seen
			}
		case <-limit:
			w.t.Fatalf("%s: not within %s; seen:\n%s", what, within, strings.Join(w.all, "\n"))
		}
	}
}

func brief(s model.ContainerEvent) string {
	switch {
	case s.Trouble != nil:
		return "trouble: " + s.Trouble.Error()
	case s.Gone != "":
		return fmt.Sprintf("gone: %.12s", s.Gone)
	}
	return fmt.Sprintf("%s %.12s %s %s streak %d", s.Sample.Service, s.Sample.ID, s.Sample.State, s.Sample.Health, s.Sample.FailingStreak)
}

func is(service string, health gate.Health) func(model.ContainerEvent) bool {
	return func(s model.ContainerEvent) bool { return s.Sample.Service == service && s.Sample.Health == health }
}

func TestWatch(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + shopService("signal-blue", "HEALTHY_AFTER=2s") + shopService("was-green")})
	w := b.watch(s, app, "r1")
	ready := make(chan []model.Container, 1)
	go func() { ready <- b.up(s, app, "r1") }()
	w.until("created", 30*time.Second, func(s model.ContainerEvent) bool { return s.Sample.ID != "" })
	w.until("starting", 30*time.Second, is("signal-blue", gate.HealthStarting))
	for _, c := range <-ready {
		if c.Release != "r1" {
			t.Fatalf("%+v", c)
		}
	}
	was := w.until("was is healthy", 30*time.Second, is("was-blue", gate.HealthHealthy)).Sample
	signal := w.until("signal is healthy", 30*time.Second, is("signal-blue", gate.HealthHealthy)).Sample
	// The event triggers an inspection at once after the passed probe, not with the next tick.
	if late := signal.At.Sub(signal.LastProbe.End); late > pace.Limit(2*time.Second) {
		t.Errorf("it was told %s after the probe had passed", late)
	}
	if signal.Name != b.ID+"-signal-blue-1" || signal.State != gate.StateRunning || signal.FailingStreak != 0 || signal.StartedAt.IsZero() {
		t.Errorf("%+v", signal)
	}

	if err := b.Engine.ContainerPause(t.Context(), was.ID); err != nil {
		t.Fatal(err)
	}
	w.until("paused", 5*time.Second, func(s model.ContainerEvent) bool { return s.Sample.ID == was.ID && s.Sample.State == gate.StatePaused })
	if err := b.Engine.ContainerUnpause(t.Context(), was.ID); err != nil {
		t.Fatal(err)
	}
	if err := b.Engine.ContainerKill(t.Context(), signal.ID, "KILL"); err != nil {
		t.Fatal(err)
	}
	dead := w.until("killed", 5*time.Second, func(s model.ContainerEvent) bool {
		return s.Sample.ID == signal.ID && s.Sample.State == gate.StateExited
	}).Sample
	if dead.ExitCode != 137 || dead.FinishedAt.IsZero() {
		t.Errorf("%+v", dead)
	}
	if err := b.Engine.ContainerRemove(t.Context(), was.ID, container.RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	w.until("removed", 5*time.Second, func(s model.ContainerEvent) bool { return s.Gone == was.ID })
	w.end()
	for seen := range w.seen {
		if seen.Sample.ID == was.ID {
			t.Errorf("what is gone was seen again: %s", brief(seen))
		}
	}
}

// Containers of another release or of the other colour are not part of the release.
// A tick inspects what has changed since the last one; that time has passed is no change.
func TestWatchInspectsWhatChanged(t *testing.T) {
	state, status := "", ""
	inspections := 0
	e := enginetest.Fake(func(req *http.Request) (*http.Response, error) {
		text := fmt.Sprintf(`[{"Id":"x","State":%q,"Status":%q,"Labels":{"com.docker.compose.service":"migrate-blue"}}]`, state, status)
		if !strings.HasSuffix(req.URL.Path, "/containers/json") {
			inspections++
			text = `{"Id":"x","State":{},"Config":{}}`
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text))}, nil
	}).Engine(t)
	m := model.Model{Colour: model.Blue, ComposeProject: "shop", Services: []model.Service{{Name: "migrate-blue"}}}
	w := &watcher{stack: &Stack{engine: e}, model: m, out: make(chan model.ContainerEvent, 100), rows: map[string]string{}, probes: map[string]probeState{}}
	for i, row := range []struct {
		state, status string
		inspected     bool
	}{
		{"created", "Created", true},
		{"running", "Up Less than a second (health: starting)", true},
		{"running", "Up 1 second (health: starting)", false},
		{"running", "Up 2 seconds (healthy)", true},
		{"running", "Up 3 seconds (healthy)", false},
		{"running", "Up 3 seconds (unhealthy)", true},
		{"running", "Up 4 seconds", true},
		{"running", "Up 5 seconds", false},
		{"exited", "Exited (1) Less than a second ago", true},
		{"exited", "Exited (1) 5 seconds ago", false},
		{"restarting", "Restarting (1) 5 seconds ago", true},
		{"exited", "Exited (0) 5 seconds ago", true},
		{"exited", "Exited (0) 6 seconds ago", false},
		{"exited", "Exited (0) About a minute ago", false},
	} {
		before := inspections
		state, status = row.state, row.status
		if w.scan(t.Context(), false); inspections > before != row.inspected {
			t.Errorf("%d: %q was inspected: %t", i, row.status, inspections > before)
		}
	}
}

func TestWatchOfOneReleaseOnly(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + shopService("was-green")})
	other := b.ofProject("was-blue", engine.ReleaseLabel+"=r0")
	stranger := b.ofProject("db")
	w := b.watch(s, app, "r1")
	mine := b.ofProject("was-blue", engine.ReleaseLabel+"=r1", "com.docker.compose.container-number=2")
	w.until("the release's own", 10*time.Second, func(s model.ContainerEvent) bool { return s.Sample.ID == mine && s.Sample.State == gate.StateRunning })
	for _, id := range []string{other, stranger, mine} {
		if err := b.Engine.ContainerKill(t.Context(), id, "KILL"); err != nil {
			t.Fatal(err)
		}
	}
	w.until("its end", 10*time.Second, func(s model.ContainerEvent) bool { return s.Sample.ID == mine && s.Sample.State == gate.StateExited })
	time.Sleep(1500 * time.Millisecond)
	w.end()
	for seen := range w.seen {
		w.all = append(w.all, brief(seen))
	}
	for _, line := range w.all {
		if strings.Contains(line, other[:12]) || strings.Contains(line, stranger[:12]) {
			t.Errorf("seen: %s", line)
		}
	}
}

// A probe that fails while Docker still reports healthy restarts the stable window.
func TestWatchSeesAFailingProbe(t *testing.T) {
	b := newBench(t)
	flaky := strings.Replace(shopService("was-blue", "FLAP=2s"), "retries: 3", "retries: 100", 1)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + flaky + shopService("was-green")})
	w := b.watch(s, app, "r1")
	b.up(s, app, "r1")
	w.until("healthy", 20*time.Second, is("was-blue", gate.HealthHealthy))
	failing := w.until("failing", 10*time.Second, func(s model.ContainerEvent) bool { return s.Sample.FailingStreak > 0 }).Sample
	if failing.Health != gate.HealthHealthy || failing.LastProbe == nil || failing.LastProbe.ExitCode == 0 || failing.LastFailure.IsZero() {
		t.Errorf("%+v", failing)
	}
	if late := failing.At.Sub(failing.LastFailure); failing.FailingStreak > 2 || late > pace.Limit(3*time.Second) {
		t.Errorf("it was told after %d failures, %s after the last", failing.FailingStreak, late)
	}
	again := w.until("passing again", 10*time.Second, func(s model.ContainerEvent) bool {
		return s.Sample.Health == gate.HealthHealthy && s.Sample.FailingStreak == 0
	}).Sample
	if again.LastFailure.IsZero() {
		t.Errorf("what has failed is forgotten: %+v", again)
	}
}

func TestWatchSeesMemoryRunOut(t *testing.T) {
	b := newBench(t)
	hungry := shopService("was-blue", "OOM_AFTER=1s") + "    mem_limit: 32m\n"
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + hungry + shopService("was-green")})
	w := b.watch(s, app, "r1")
	b.up(s, app, "r1")
	if end := w.until("its end", 20*time.Second, func(s model.ContainerEvent) bool { return s.Sample.State == gate.StateExited }).Sample; !end.OOMKilled || end.ExitCode != 137 {
		t.Errorf("%+v", end)
	}
}

func TestWatchSeesRestarts(t *testing.T) {
	b := newBench(t)
	crashing := shopService("was-blue", "CRASH_AFTER=1s") + "    restart: always\n"
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + crashing + shopService("was-green")})
	w := b.watch(s, app, "r1")
	b.up(s, app, "r1")
	w.until("a restart", 20*time.Second, func(s model.ContainerEvent) bool { return s.Sample.RestartCount > 0 })
}

// An engine that cuts its event stream, and one that goes away for a while.
func TestWatchWithoutEvents(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue", "HEALTHY_AFTER=3s") + shopService("was-green")})
	var away atomic.Bool
	cut := enginetest.Fake(func(req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/events") {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"Type":"contai`))}, nil
		}
		if away.Load() {
			return nil, io.ErrUnexpectedEOF
		}
		return b.Engine.HTTPClient().Transport.RoundTrip(req)
	})
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithVersion(b.Engine.ClientVersion()), client.WithHTTPClient(&http.Client{Transport: cut}))
	if err != nil {
		t.Fatal(err)
	}
	lame := &Stack{engine: &engine.Engine{Client: c, Endpoint: b.Engine.Endpoint, Skew: b.Engine.Skew}}
	w := b.watch(lame, app, "r1")
	b.up(s, app, "r1")
	w.until("a cut stream is told", 10*time.Second, func(s model.ContainerEvent) bool { return s.Trouble != nil })
	w.until("starting", 10*time.Second, is("was-blue", gate.HealthStarting))
	away.Store(true)
	w.until("silence is told", 10*time.Second, func(s model.ContainerEvent) bool {
		return s.Trouble != nil && strings.Contains(s.Trouble.Error(), "list the containers")
	})
	away.Store(false)
	id := w.until("healthy", 20*time.Second, is("was-blue", gate.HealthHealthy)).Sample.ID
	if err := b.Engine.ContainerRemove(t.Context(), id, container.RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	w.until("removed", 10*time.Second, func(s model.ContainerEvent) bool { return s.Gone == id })
}
