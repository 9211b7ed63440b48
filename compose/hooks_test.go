package compose

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"bluegate/deploy/model"
)

// marks counts the requests that hooks send, by their path: the test's containers have no shell.
type marks struct {
	mu   sync.Mutex
	seen map[string]int
	port int
}

func newMarks(t *testing.T) *marks {
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	m := &marks{seen: map[string]int{}, port: listener.Addr().(*net.TCPAddr).Port}
	go http.Serve(listener, m)
	return m
}

func (m *marks) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[req.URL.Path]++
}

func (m *marks) of(path string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen[path]
}

// hook is a hook of a Compose file that leaves a mark.
func (m *marks) hook(path string) string {
	return fmt.Sprintf(`[{command: ["/healthcheck", "http://engine:%d%s"]}]`+"\n", m.port, path)
}

// The hooks of a Compose file run as under docker compose: post_start at each start, a rollback's too, and pre_stop before
// each stop. One that fails keeps no container, and is told of.
func TestHooks(t *testing.T) {
	b := newBench(t)
	m := newMarks(t)
	service := func(hooks string) map[string]string {
		return map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + "    extra_hosts: [\"engine:host-gateway\"]\n" + hooks + shopService("was-green")}
	}
	s, app := b.stack(service("    post_start: " + m.hook("/started") + "    pre_stop: " + m.hook("/stopped")))
	all := b.up(s, app, "r1")
	rec := b.retired(app, all)
	if err := s.Keep(t.Context(), b.ID, rec); err != nil {
		t.Fatal(err)
	}
	if err := s.Retire(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if m.of("/started") != 1 || m.of("/stopped") != 1 {
		t.Errorf("started %d, stopped %d", m.of("/started"), m.of("/stopped"))
	}
	if err := s.Retire(t.Context(), b.containers(s, app)); err != nil || m.of("/stopped") != 1 {
		t.Errorf("of a container that does not run: %d, %v", m.of("/stopped"), err)
	}
	if err := s.Retire(t.Context(), all); err != nil || m.of("/stopped") != 1 { // they ran when they were listed
		t.Errorf("of containers that ended since: %d, %v", m.of("/stopped"), err)
	}
	// The Compose file has other hooks by now.
	next, app := b.stack(service("    pre_stop: [{command: [\"/healthcheck\", \"http://127.0.0.1:1/\"]}]\n"))
	if err := next.Revive(t.Context(), b.ID, rec, nothingMore); err != nil || m.of("/started") != 2 {
		t.Errorf("a rollback: started %d, %v", m.of("/started"), err)
	}
	err := next.Retire(t.Context(), b.containers(next, app))
	if !model.Is[*model.StopHookError](err) || !strings.Contains(err.Error(), "pre_stop[0] of ") || !strings.Contains(err.Error(), "exited with code 1") {
		t.Errorf("a hook that fails: %v", err)
	}
	if b.Inspect(all[0].ID).State.Running {
		t.Error("it was not stopped")
	}
}

// Compose keeps the container of a pre_start hook that failed. It is not one of the colour, and it goes with the release.
func TestPreStartThatFails(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") +
		"    pre_start: [{command: [\"/shop\"], environment: {CRASH_AFTER: 0s, EXIT_CODE: \"3\"}}]\n" + shopService("was-green")})
	err := s.Up(t.Context(), app.Models[model.Blue], "r1", nothingMore)
	if err == nil || !strings.Contains(err.Error(), "pre_start[0]") || strings.Contains(err.Error(), "retained") {
		t.Errorf("got %v", err)
	}
	there := b.containers(s, app)
	if len(there) != 1 || there[0].Release != "r1" {
		t.Errorf("the colour's are %s", namesOf(there))
	}
	if err := s.Remove(t.Context(), there); err != nil {
		t.Fatal(err)
	}
	left, err := b.Engine.ContainerList(t.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+b.ID))})
	if err != nil || len(left) > 0 {
		t.Errorf("%d containers are left: %v", len(left), err)
	}
}
