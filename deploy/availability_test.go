package deploy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// Before the old colour is stopped the new one runs: an engine that was restarted meanwhile may have ended both.

func TestNeitherColourRunsAfterTheSwitch(t *testing.T) {
	story(t, "the release is started again", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.onLine = func(line string) {
			if line == "drain" {
				w.stopAll()
				w.proven[model.Green] = true
			}
		}
		r := p.deploy()
		ends(t, r, model.NeedsPerson, 5, model.Green)
		if green, blue := w.running(model.Green), w.running(model.Blue); len(green) != 2 || len(blue) != 0 {
			t.Errorf("of green runs %v, of blue %v", green, blue)
		}
		if !strings.Contains(r.Message, "started again") || r.Run != "bluegate settle" {
			t.Errorf("it says %q, run %q", r.Message, r.Run)
		}
	})
	story(t, "the release alone has ended", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.onLine = func(line string) {
			if line == "drain" {
				for _, b := range w.boxes {
					if b.Colour == model.Green {
						b.stopped = b.began
					}
				}
			}
		}
		r := p.deploy()
		if r.ExitCode != 5 || len(w.running(model.Blue)) != 2 {
			t.Errorf("exit %d; of blue runs %v", r.ExitCode, w.running(model.Blue))
		}
	})
}

// The live colour ends while the new one starts. What decides about the new one is the gate; and if that refuses it, users
// are not left without any.
func TestLiveColourEnds(t *testing.T) {
	endsSoon := func(w *fakeEngine, names ...string) {
		time.AfterFunc(3*time.Second, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, b := range w.boxes {
				if slices.Contains(names, b.Name) {
					b.stopped = time.Now()
				}
			}
		})
	}
	blue := []string{"shop-was-blue-1", "shop-signal-blue-1"}
	story(t, "and the new one is good", func(t *testing.T, w *fakeEngine) {
		endsSoon(w, blue...)
		ends(t, w.process().deploy(), model.Promoted, 0, model.Green)
	})
	story(t, "and the new one is refused", func(t *testing.T, w *fakeEngine) {
		endsSoon(w, blue...)
		w.lives["was-green"] = exitsAfter(5*time.Second, 1)
		r := w.process().deploy()
		ends(t, r, model.NeedsPerson, 5, model.Blue)
		if codes(r) != "exited was-green shop-was-green-1" || !strings.Contains(r.Message, "blue was started again") || r.Run != "bluegate health" {
			t.Errorf("%q, run %q: %s", codes(r), r.Run, r.Message)
		}
		if len(w.running(model.Blue)) != 2 || len(w.running(model.Green)) != 0 {
			t.Errorf("blue %v, green %v", w.running(model.Blue), w.running(model.Green))
		}
	})
	story(t, "in part, and the new one is refused", func(t *testing.T, w *fakeEngine) {
		endsSoon(w, blue[0])
		w.lives["was-green"] = exitsAfter(5*time.Second, 1)
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if !slices.ContainsFunc(r.Findings, func(f model.Finding) bool {
			return f.Code == "live-not-well" && strings.Contains(f.Message, blue[0])
		}) {
			t.Errorf("findings %+v", r.Findings)
		}
	})
}
