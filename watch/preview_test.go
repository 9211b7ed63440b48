package watch_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/model"
	"bluegate/watch"
)

// A release that waits is shown, and is removed when its time is over and not before. Where that fails, it is tried again
// every minute, and a person is called once.
func TestPreviewEnds(t *testing.T) {
	for name, test := range map[string]struct {
		refuses bool
		deeds   int // after 13 minutes
		told    string
	}{
		"removed": {false, 1, ""},
		"fails":   {true, 3, "needs-a-person green"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "shop.db")
			synctest.Test(t, func(t *testing.T) {
				s, change := healing(watch.HealNothing)
				s.refuses = test.refuses
				s.preview = &watch.Preview{Release: "r2", Colour: model.Green, Since: time.Now(), Until: time.Now().Add(10 * time.Minute)}
				b := start(t, path, change)
				time.Sleep(9*time.Minute + 50*time.Second)
				if p := b.State().Preview; p == nil || p.Release != "r2" || s.deeds() != "" {
					t.Errorf("before its end: %+v waits, done: %q", p, s.deeds())
				}
				time.Sleep(3 * time.Minute)
				b.stop()
				if n := count(s.deeds(), "end preview"); n != test.deeds {
					t.Errorf("tried %d times, want %d: %q", n, test.deeds, s.log)
				}
				if told := b.notifier.all(); told != test.told {
					t.Errorf("told: %q, want %q", told, test.told)
				}
				if p := b.State().Preview; (p != nil) != test.refuses {
					t.Errorf("afterwards %+v waits", p)
				}
			})
		})
	}
}

// While someone deploys, nothing is removed.
func TestPreviewEndsAfterADeployment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	synctest.Test(t, func(t *testing.T) {
		s, change := healing(watch.HealNothing)
		s.preview = &watch.Preview{Release: "r2", Colour: model.Green, Until: time.Now().Add(-time.Hour)}
		s.deploying = &watch.Deploying{Command: "promote"}
		b := start(t, path, change)
		time.Sleep(5 * time.Minute)
		if s.deeds() != "" {
			t.Errorf("during a deployment: %q", s.deeds())
		}
		s.set(func() { s.deploying = nil })
		time.Sleep(time.Minute)
		b.stop()
		if s.deeds() != "end preview" {
			t.Errorf("after it: %q", s.deeds())
		}
	})
}
