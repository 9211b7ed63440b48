package compose

import (
	"errors"
	"strings"
	"testing"

	"bluegate/deploy/model"
)

func TestOneShotsOfARelease(t *testing.T) {
	const waits = "    depends_on: {migrate: {condition: service_completed_successfully}, db: {condition: service_healthy}}\n"
	one := "services:\n  app-blue:\n    image: a\n" + waits + "  app-green:\n    image: a\n" + waits +
		"  migrate: {image: a, depends_on: {seed: {condition: service_completed_successfully}}}\n  seed: {image: a}\n  db: {image: db}\n  init: {image: a}\n  later: {image: a, depends_on: {init: {condition: service_completed_successfully}}}\n"
	for name, test := range map[string]struct {
		o      Options
		files  map[string]string
		want   string
		shared bool
	}{
		"one file":            {Options{}, map[string]string{"compose.yml": one}, "app-blue migrate", true},
		"configured":          {Options{OneShot: []string{"init"}}, map[string]string{"compose.yml": one}, "app-blue init migrate", true},
		"a project for each":  {Options{Project: "shop-{colour}", Services: []string{"app-{colour}"}}, map[string]string{"compose.yml": one}, "app-blue migrate", false},
		"called after colour": {Options{}, map[string]string{"compose.yml": strings.NewReplacer("app-blue:\n    image: a\n    depends_on: {migrate", "app-blue:\n    image: a\n    depends_on: {migrate-blue").Replace(one) + "  migrate-blue: {image: a}\n"}, "app-blue migrate-blue", false},
	} {
		test.o.Dir = folder(t, test.files)
		app, err := load(t, test.o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, s := range app.Models[model.Blue].Services {
			if got = append(got, s.Name); s.OneShot && s.Shared != test.shared {
				t.Errorf("%s: %s is shared: %t", name, s.Name, s.Shared)
			}
		}
		for _, s := range strings.Fields(test.want) {
			if _, ok := app.Models[model.Blue].Service(s); !ok || len(got) != len(strings.Fields(test.want)) {
				t.Errorf("%s: %v, want %s", name, got, test.want)
				break
			}
		}
	}
}

// A migration that both colours share runs once in each release, and each colour's containers are its own.
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
	if err := s.Up(t.Context(), app.Models[model.Green], "r2"); err != nil {
		t.Fatal(err)
	}
	second, _ := of(model.Green)
	if gone, _ := of(model.Blue); second == "" || second == first || gone != "" {
		t.Errorf("green's migration is %q, blue's was %q and is %q", second, first, gone)
	}
}
