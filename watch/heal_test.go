package watch_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/model"
	"bluegate/watch"
)

// shop is an application in memory.
type shop struct {
	mu        sync.Mutex
	began     time.Time
	live      model.Colour
	release   string
	sick      map[string]bool // releases that are unhealthy whatever is done
	deploying *watch.Deploying
	refuses   bool // a rollback, and the end of a preview
	preview   *watch.Preview
	log       []string
	events    chan struct{}
}

func (s *shop) note(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf("%s "+format, append([]any{time.Since(s.began).Round(time.Second)}, args...)...))
}

func (s *shop) Look(context.Context) (watch.Look, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := watch.ContainerState{ID: s.release, Service: "app", Name: "app-" + string(s.live), State: "running", Health: "healthy"}
	if s.sick[s.release] {
		c.Health, c.Problem = "unhealthy", "its health is unhealthy"
	}
	return watch.Look{Deploying: s.deploying, Live: s.live, LiveBy: "nginx names it", Release: s.release, Preview: s.preview, Colours: []watch.ColourState{{Colour: s.live, Live: true, Containers: []watch.ContainerState{c}}}}, nil
}

func (s *shop) Deploying(context.Context) (*watch.Deploying, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deploying, nil
}

func (s *shop) Events(context.Context) <-chan struct{} { return s.events }

func (s *shop) Restart(_ context.Context, id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("restart %s", id)
	return "restarted", nil
}

func (s *shop) Rollback(_ context.Context, leaving string) (model.Outcome, string) {
	time.Sleep(20 * time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.deploying != nil:
		return model.Locked, "someone deploys"
	case s.release != leaving:
		return model.Locked, "another release is live"
	case s.refuses:
		return model.Refused, "there is nothing to go back to"
	}
	s.note("rollback from %s", leaving)
	s.live, s.release = s.live.Other(), "r0"
	return model.Promoted, "r0 is live"
}

func (s *shop) EndPreview(context.Context) (model.Outcome, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("end preview")
	if s.refuses {
		return model.NeedsPerson, "old workers have not ended"
	}
	s.preview = nil
	return model.Settled, "it was removed"
}

func (s *shop) set(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

func healing(mode string) (*shop, func(*watch.Watcher, *asker)) {
	s := &shop{began: time.Now(), live: model.Blue, release: "r1", sick: map[string]bool{}, events: make(chan struct{})}
	return s, func(w *watch.Watcher, _ *asker) {
		w.App, w.Questions = s, nil
		w.Heal = watch.Budget{Mode: mode, Restarts: 3, Within: time.Hour, Backoff: 5 * time.Second}
	}
}

// deeds are what was done, without the times.
func (s *shop) deeds() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, line := range s.log {
		_, what, _ := strings.Cut(line, " ")
		all = append(all, what)
	}
	return strings.Join(all, ", ")
}

func count(told, what string) int {
	return len(slices.DeleteFunc(strings.Split(told, ", "), func(one string) bool { return !strings.HasPrefix(one, what) }))
}

// A budget of restarts ends in a rollback, which ends in a call for a person; then nothing more is done.
func TestBudgetEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	synctest.Test(t, func(t *testing.T) {
		s, change := healing(watch.HealRollback)
		s.sick["r1"], s.sick["r0"] = true, true
		b := start(t, path, change)
		time.Sleep(30 * time.Minute)
		b.stop()
		if s.deeds() != "restart r1, restart r1, restart r1, rollback from r1" {
			t.Errorf("%q", s.log)
		}
		told := b.notifier.all()
		if count(told, "healed") != 4 || count(told, "needs-a-person") != 1 || count(told, "down") != 1 || !strings.HasSuffix(told, "needs-a-person live") {
			t.Errorf("told: %s", told)
		}
		if stopped := b.State().Healing.Stopped; !strings.Contains(stopped, "green is not healthy either, after the rollback from release r1") {
			t.Errorf("%q", stopped)
		}
		// A new process knows what was done.
		again := start(t, path, change)
		time.Sleep(30 * time.Minute)
		again.stop()
		if s.deeds() != "restart r1, restart r1, restart r1, rollback from r1" || again.notifier.all() != "" {
			t.Errorf("after a restart: %q, told: %s", s.log, again.notifier.all())
		}
		// A release that someone deploys begins with a new budget.
		s.set(func() { s.release, s.live, s.sick["r2"] = "r2", model.Blue, true })
		again = start(t, path, change)
		time.Sleep(2 * time.Minute)
		again.stop()
		if !strings.HasSuffix(s.deeds(), "rollback from r1, restart r2, restart r2, restart r2, rollback from r2") {
			t.Errorf("after a deployment: %q", s.log)
		}
	})
}

func TestHealing(t *testing.T) {
	for name, test := range map[string]struct {
		mode string
		set  func(s *shop)
		want string
		told string
	}{
		"nothing by default":                  {watch.HealNothing, func(s *shop) { s.sick["r1"] = true }, "", "down live"},
		"a healthy colour is never touched":   {watch.HealRollback, func(*shop) {}, "", ""},
		"restart never rolls back":            {watch.HealRestart, func(s *shop) { s.sick["r1"] = true }, "restart r1, restart r1, restart r1", "down live, healed live, healed live, healed live, needs-a-person live"},
		"a rollback that is refused":          {watch.HealRollback, func(s *shop) { s.sick["r1"], s.refuses = true, true }, "restart r1, restart r1, restart r1", "down live, healed live, healed live, healed live, needs-a-person live"},
		"the release that comes back is good": {watch.HealRollback, func(s *shop) { s.sick["r1"] = true }, "restart r1, restart r1, restart r1, rollback from r1", "down live, healed live, healed live, healed live, healed live, up live"},
		"nothing during a deployment":         {watch.HealRollback, func(s *shop) { s.sick["r1"], s.deploying = true, &watch.Deploying{Command: "deploy"} }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, change := healing(test.mode)
				test.set(s)
				b := start(t, filepath.Join(t.TempDir(), "shop.db"), change)
				time.Sleep(20 * time.Minute)
				b.stop()
				if s.deeds() != test.want {
					t.Errorf("%q, want %s", s.log, test.want)
				}
				if b.notifier.all() != test.told {
					t.Errorf("told: %s, want %s", b.notifier.all(), test.told)
				}
			})
		})
	}
}

// A deployment by hand wins: while the rollback waits for its lock, and while it has made another release live.
func TestDeploymentByHandWins(t *testing.T) {
	for name, meanwhile := range map[string]func(s *shop){
		"it holds the lock": func(s *shop) {
			s.deploying = &watch.Deploying{Command: "deploy"}
			time.AfterFunc(time.Minute, func() { s.set(func() { s.deploying, s.release = nil, "r2" }) })
		},
		"it has ended": func(s *shop) { s.release = "r2" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, change := healing(watch.HealRollback)
				s.sick["r1"] = true
				b := start(t, filepath.Join(t.TempDir(), "shop.db"), change)
				for s.deeds() != "restart r1, restart r1, restart r1" {
					time.Sleep(time.Second)
				}
				time.Sleep(20 * time.Second) // the rollback has begun
				s.set(func() { meanwhile(s) })
				time.Sleep(20 * time.Minute)
				b.stop()
				if s.deeds() != "restart r1, restart r1, restart r1" || b.State().Live != model.Blue || count(b.notifier.all(), "needs-a-person") > 0 {
					t.Errorf("%q, told: %s", s.log, b.notifier.all())
				}
			})
		})
	}
}

// The first restart is at once, the second after 5 s, the third after 15 s: looks come when the engine reports something.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, change := healing(watch.HealRestart)
		s.sick["r1"] = true
		b := start(t, filepath.Join(t.TempDir(), "shop.db"), change)
		ticks := time.NewTicker(time.Second)
		for range 120 {
			<-ticks.C
			select {
			case s.events <- struct{}{}:
			default:
			}
		}
		b.stop()
		var at []time.Duration
		for _, line := range s.log {
			when, _, _ := strings.Cut(line, " ")
			d, err := time.ParseDuration(when)
			if err != nil {
				t.Fatal(err)
			}
			at = append(at, d)
		}
		if len(at) != 3 || at[0] > 35*time.Second || at[1]-at[0] < 5*time.Second || at[1]-at[0] > 8*time.Second || at[2]-at[1] < 15*time.Second || at[2]-at[1] > 18*time.Second {
			t.Errorf("%q", s.log)
		}
	})
}
