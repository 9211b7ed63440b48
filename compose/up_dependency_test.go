package compose

import (
	"testing"

	"github.com/docker/docker/api/types/container"

	"bluegate/deploy/model"
)

// A database that was just restarted runs, and is not healthy yet: a service that depends on its health is not started
// before it is. The database itself stays as it is.
func TestUpWaitsForADependencyThatRuns(t *testing.T) {
	b := newBench(t)
	waits := "    depends_on: {db: {condition: service_healthy}}\n"
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + waits + shopService("was-green") + waits + shopService("db", "HEALTHY_AFTER=4s")})
	b.up(s, app, "r1")
	db := ""
	for _, row := range b.All() {
		if row.Labels["com.docker.compose.service"] == "db" {
			db = row.ID
		}
	}
	if db == "" || b.Inspect(db).State.Health.Status != "healthy" {
		t.Fatalf("the database %q is not healthy after the first Up", db)
	}
	if err := b.Engine.ContainerRestart(t.Context(), db, container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	restarted := b.Inspect(db)
	if restarted.State.Health.Status != "starting" {
		t.Fatalf("after its restart the database is %s", restarted.State.Health.Status)
	}
	if err := s.Up(t.Context(), app.Models[model.Green], "r2", nothingMore); err != nil {
		t.Fatal(err)
	}
	now := b.Inspect(db)
	if now.State.Health.Status != "healthy" || now.ID != restarted.ID || now.State.StartedAt != restarted.State.StartedAt {
		t.Errorf("when green was started the database was %s (started at %s, then %s)", now.State.Health.Status, restarted.State.StartedAt, now.State.StartedAt)
	}
}

func TestNotHealthy(t *testing.T) {
	for status, want := range map[string]bool{
		"Up 2 seconds (health: starting)": true, "Up 3 hours (unhealthy)": true,
		"Up 3 hours (healthy)": false, "Up 2 seconds": false, "Up 5 minutes (Paused)": false, "Exited (1) 2 minutes ago": false,
	} {
		if got := notHealthy(status); got != want {
			t.Errorf("%s: %v", status, got)
		}
	}
}
