package nginx

import (
	"bufio"
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/docker/docker/api/types/mount"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/incontainer"
)

// stream reads an endless answer through nginx until the returned function is called.
func (b *bench) stream(nginx string) (leave func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	b.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.container("edge", nginx).Addresses[b.net]+"/stream?for=0s", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		b.t.Fatalf("ask nginx at its own address (this needs an engine on this host): %v", err)
	}
	b.t.Cleanup(func() { resp.Body.Close() })
	if _, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil {
		b.t.Fatal(err)
	}
	return cancel
}

// A worker that leaves holds a stream to the old colour: the drain says to which container, and that it is getting
// older. It does so also in a run that has no helper yet, and Close leaves none behind.
func TestDrainCountsConnections(t *testing.T) {
	b := newBench(t)
	blue, green := b.colours()
	id := b.nginx(box{name: "edge", files: edge("was-blue:3000")})
	leave := b.stream(id)
	r := b.reloadedBehind(id)
	ctx, cancel := deadline(t, 2*time.Minute)
	defer cancel()
	var first, older model.OpenConnections
	err := r.Drain(ctx, []model.Container{blue, green}, func(l model.DrainStatus) {
		if len(l.Open) == 0 {
			return
		}
		if len(l.Open) != 1 || l.Open[0].Container != blue.Name || l.Open[0].Connections != 1 {
			t.Errorf("left is %s", l)
		}
		switch now := l.Open[0]; {
		case first.Container == "":
			first = now
		case now.Oldest > first.Oldest:
			older = now
			leave()
		}
	})
	if err != nil || older.Container == "" {
		t.Errorf("%v; first %s, later %s", err, first, older)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if out := b.docker("ps", "-aq", "--filter", "label="+engine.SweepLabel+"="+b.id); out != "" {
		t.Errorf("a helper is left: %s", out)
	}
}

// The two ends of a connection may be used again when it is closed: the age begins again.
func TestCensusForgetsWhatIsClosed(t *testing.T) {
	c := (&observed{found: &incontainer.Nginx{}}).census([]model.Container{
		{Name: "blue-1", Published: []model.Published{{Port: 8081, Target: 3000}}, Addresses: map[string]string{"net": "10.0.0.2", "net (IPv6)": "fd00::2"}},
		{Name: "blue-2", Addresses: map[string]string{"net": ""}}, // it does not run
	})
	a, b := agent.Socket{Local: "10.0.0.9:1", Remote: "10.0.0.2:3000"}, agent.Socket{Local: "[fd00::9]:1", Remote: "[fd00::2]:3000"}
	began := time.Now()
	for _, step := range []struct {
		after time.Duration
		open  []agent.Socket
		want  []model.OpenConnections
	}{
		{0, []agent.Socket{a}, []model.OpenConnections{{Container: "blue-1", Connections: 1}}},
		{3 * time.Second, []agent.Socket{a, b}, []model.OpenConnections{{Container: "blue-1", Connections: 2, Oldest: 3 * time.Second}}},
		{5 * time.Second, []agent.Socket{b}, []model.OpenConnections{{Container: "blue-1", Connections: 1, Oldest: 2 * time.Second}}},
		{6 * time.Second, []agent.Socket{a, b}, []model.OpenConnections{{Container: "blue-1", Connections: 2, Oldest: 3 * time.Second}}},
		{9 * time.Second, nil, nil},
	} {
		c.last = began.Add(step.after)
		c.remember(step.open)
		if got := c.perContainer(step.open); len(got) != len(step.want) || len(got) == 1 && got[0] != step.want[0] {
			t.Errorf("after %s: %v, want %v", step.after, got, step.want)
		}
	}
	if got := connectionsTo(c.old); len(got.To) != 2 || len(got.Ports) != 1 {
		t.Errorf("it asks for %+v", got)
	}
}

// A drain that a deployment settles first may have counted connections with a helper that has no file of nginx's: the
// switch that follows sees the mounted ones all the same.
func TestSwitchAfterCounting(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "default.conf"), edge("was-blue:3000")[confPath])
	s := b.newShop(box{mounts: []mount.Mount{{Type: mount.TypeBind, Source: dir, Target: filepath.Dir(confPath)}}})
	if err := s.router.found.Prepare(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s.switchOver()
	s.serves("green")
}
