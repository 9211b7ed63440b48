package deploy

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// A report lists what is there when the command ends, not what was there when it began.
func TestReportOfTheEnd(t *testing.T) {
	story(t, "promoted", func(t *testing.T, w *fakeEngine) {
		r := w.process().deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		for _, c := range r.Containers {
			if c.Running != (c.Colour == model.Green) || c.Colour == model.Green && c.Digest != "sha256:new-"+c.Service {
				t.Errorf("%s is listed as %s, of image %s", c.Name, c.State, c.Digest)
			}
		}
		want := []report.LiveImage{
			{Service: "was-green", Image: "shop/was-green:latest", Digest: "sha256:new-was-green", Replaced: &report.ReplacedImage{Service: "was-blue", Image: "shop/was-blue:latest", Digest: "sha256:old-was-blue"}},
			{Service: "signal-green", Image: "shop/signal-green:latest", Digest: "sha256:new-signal-green", Replaced: &report.ReplacedImage{Service: "signal-blue", Image: "shop/signal-blue:latest", Digest: "sha256:old-signal-blue"}},
		}
		if len(r.Images) != 2 || *r.Images[0].Replaced != *want[0].Replaced || *r.Images[1].Replaced != *want[1].Replaced || r.Images[0].Digest != want[0].Digest || r.Images[1].Digest != want[1].Digest {
			t.Errorf("images %+v", r.Images)
		}
		if got := r.Pruned.Replaced; !slices.Equal(got, []string{"shop-was-green-1", "shop-signal-green-1"}) {
			t.Errorf("replaced %q", got)
		}
		// The way back is a release, too.
		r = w.process().rollback()
		ends(t, r, model.Promoted, 0, model.Blue)
		if len(r.Images) != 2 || r.Images[0].Digest != "sha256:old-was-blue" || r.Images[0].Replaced.Digest != "sha256:new-was-green" {
			t.Errorf("images of the rollback %+v", r.Images)
		}
	})
	story(t, "refused", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = exitsAfter(time.Second, 3)
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if len(r.Containers) != 2 || r.Containers[0].Colour != model.Blue || len(r.Images) > 0 {
			t.Errorf("containers %+v, images %+v", r.Containers, r.Images)
		}
	})
	story(t, "settled", func(t *testing.T, w *fakeEngine) {
		w.killed(fault{kind: killedAfter, on: "start was-green"})
		r := w.process().settle()
		ends(t, r, model.Settled, 0, model.Blue)
		if len(r.Containers) != 2 {
			t.Errorf("containers %+v", r.Containers)
		}
	})
	story(t, "the engine is away at the end", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.onLine = func(line string) {
			if line == "journal closed" {
				w.silent = [2]time.Time{time.Now(), time.Now().Add(time.Hour)}
			}
		}
		r := p.deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if len(r.Containers)+len(r.Images) > 0 || !strings.Contains(findings(r), "not-listed") {
			t.Errorf("containers %+v, images %+v, findings %q", r.Containers, r.Images, findings(r))
		}
	})
	story(t, "another holds the lock", func(t *testing.T, w *fakeEngine) {
		w.hold("shop", time.Hour)
		p := w.process()
		p.fault = fault{kind: failsBefore, asks: true, at: 4, err: errors.New("it was asked")}
		if r := p.deploy(); r.ExitCode != 6 {
			t.Errorf("exit %d: %s", r.ExitCode, r.Message)
		}
	})
}
