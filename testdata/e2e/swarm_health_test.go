package e2e

import (
	"net/http"
	"testing"

	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// A task of the live colour turns unhealthy. The Swarm replaces it, watch says so, and nginx learns the address of the new
// one, so that all users are served again.
func turnsUnhealthy(t *testing.T) {
	s := openSwarm(t, stand.Options{Config: quick + "watch: {every: 1s, on_unhealthy: restart}\n"})
	s.disturbed = true // a task is replaced while commands run
	w := s.watches()
	w.awaits(t, "live: unknown → healthy")
	before := s.tasks()
	resp, err := http.Get(s.URL + "/testability/healthy/false")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", resp, err)
	}
	_ = resp.Body.Close()
	w.awaits(t, "live: healthy → ", "→ healthy")
	after := s.tasks()
	replaced := 0
	for i := range after {
		if len(before) != len(after) || before[i] != after[i] {
			replaced++
		}
	}
	if replaced == 0 {
		t.Errorf("no task was replaced: %v, before %v", after, before)
	}
	s.answered()
}

// A task of the release turns unhealthy while the release waits in the gate. The release is refused, and users see nothing
// of it.
func turnsUnhealthyInTheGate(t *testing.T) {
	s := openSwarm(t, stand.Options{Config: "gate: {stable: 30s, timeout: 4m}\n"})
	s.untouched(func() {
		b := s.start([]string{"VERSION=v2"}, "deploy")
		b.until("healthy")
		docker(t, "exec", s.Nginx, "wget", "-q", "-O", "-", "http://"+s.Stack("green")+"_was:3000/testability/healthy/false")
		if code := b.end(0); code != 3 {
			t.Errorf("exit code %d\n%s", code, b.text())
		}
		t.Logf("it said:\n%s", b.text())
	})
	s.nothingLeft()
	nothingLost(t, s.sample(), load.NoKeepAlive)
}
