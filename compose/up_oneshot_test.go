package compose

import (
	"errors"
	"testing"

	"bluegate/deploy/model"
)

// A migration that both colours share runs once in each release, and each colour has its own containers.
func TestOneShotRunsOncePerRelease(t *testing.T) {
	b := newBench(t)
	waits := "    depends_on: {migrate: {condition: service_completed_successfully}}\n"
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + waits + shopService("was-green") + waits + shopService("migrate", "CRASH_AFTER=0s", "EXIT_CODE=0")})
	of := func(colour model.Colour) (id string, started string) {
		for _, c := range b.containers(s, app) {
			if c.Service == "migrate" && c.Colour == colour {
				return c.ID, b.Inspect(c.ID).State.StartedAt
			}
		}
		return "", ""
	}
	b.up(s, app, "r1")
	first, began := of(model.Blue)
	if other, _ := of(model.Green); first == "" || other != "" {
		t.Fatalf("blue's migration is %q, green's is %q", first, other)
	}
	b.Eventually("it has ended", func() error {
		if st := b.Inspect(first).State; st.Running || st.ExitCode != 0 {
			return errors.New(st.Status)
		}
		return nil
	})
	if _, again := of(model.Blue); again != began {
		t.Errorf("it was started twice: at %s and at %s", began, again)
	}
	if err := s.Up(t.Context(), app.Models[model.Green], "r2", nothingMore); err != nil {
		t.Fatal(err)
	}
	second, _ := of(model.Green)
	if gone, _ := of(model.Blue); second == "" || second == first || gone != "" {
		t.Errorf("green's migration is %q, blue's was %q and is %q", second, first, gone)
	}
}
