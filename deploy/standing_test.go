package deploy

import (
	"strings"
	"testing"
)

// Before the old colour is stopped the new one runs: an engine that was restarted meanwhile may have ended both.

func TestNeitherColourRunsAfterTheSwitch(t *testing.T) {
	story(t, "the release is started again", func(t *testing.T, w *world) {
		p := w.process()
		p.onLine = func(line string) {
			if line == "drain" {
				w.stopAll()
				w.proven[Green] = true
			}
		}
		r := p.deploy()
		ends(t, r, NeedsPerson, 5, Green)
		if green, blue := w.running(Green), w.running(Blue); len(green) != 2 || len(blue) != 0 {
			t.Errorf("of green runs %v, of blue %v", green, blue)
		}
		if !strings.Contains(r.Message, "started again") || r.Run != "bluegate settle" {
			t.Errorf("it says %q, run %q", r.Message, r.Run)
		}
	})
	story(t, "the release alone has ended", func(t *testing.T, w *world) {
		p := w.process()
		p.onLine = func(line string) {
			if line == "drain" {
				for _, b := range w.boxes {
					if b.Colour == Green {
						b.stopped = b.began
					}
				}
			}
		}
		r := p.deploy()
		if r.ExitCode != 5 || len(w.running(Blue)) != 2 {
			t.Errorf("exit %d; of blue runs %v", r.ExitCode, w.running(Blue))
		}
	})
}
