package deploy

import (
	"context"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// switchedBackByHand is a shop of which green was promoted and blue retired, and then a person started blue again and
// pointed nginx back to it.
func switchedBackByHand(w *fakeEngine) {
	w.process().deploy()
	for _, b := range w.boxes {
		if b.Colour == model.Blue {
			b.began, b.stopped = time.Now(), time.Time{}
		}
	}
	time.Sleep(time.Minute)
	w.nginx.disk = turned(w.nginx.disk, model.Blue)
	w.nginx.reload()
	time.Sleep(time.Minute)
	w.lines = nil
}

// TestRestartPolicyAfterASwitchBackByHand: the colour that serves has no restart policy, because it had retired.
func TestRestartPolicyAfterASwitchBackByHand(t *testing.T) {
	policies := func(w *fakeEngine, colour model.Colour) (all string) {
		for _, b := range w.boxes {
			if b.Colour == colour {
				all += b.RestartPol + " "
			}
		}
		return all
	}
	story(t, "settle", func(t *testing.T, w *fakeEngine) {
		switchedBackByHand(w)
		w.beside = true // green still runs
		for name, command := range map[string]func(*Deployer, context.Context) *report.Report{"status": (*Deployer).Status, "doctor": (*Deployer).Doctor} {
			r := w.process().do(command)
			if !strings.Contains(findings(r), "restart-policy-lost restart-policy-lost") {
				t.Errorf("%s: %q", name, findings(r))
			}
		}
		if got := policies(w, model.Blue); got != "no no " {
			t.Fatalf("blue has %q", got)
		}
		r := w.process().settle()
		ends(t, r, model.Settled, 0, model.Blue)
		done(t, w, `
			lock shop
			restore restart shop-was-blue-1
			restore restart shop-signal-blue-1
			unlock shop`)
		if !strings.Contains(findings(r), "restart-policy-restored") {
			t.Errorf("%q", findings(r))
		}
		if r := w.process().do((*Deployer).Status); strings.Contains(findings(r), "restart-policy") {
			t.Errorf("afterwards: %q", findings(r))
		}
	})
	story(t, "deploy", func(t *testing.T, w *fakeEngine) {
		switchedBackByHand(w)
		r := w.process().deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if got := policies(w, model.Blue); got != "no no " { // it has retired again
			t.Errorf("blue has %q", got)
		}
		for _, k := range w.book().Releases[1].Kept {
			if k.Policy != "always" {
				t.Errorf("%s is remembered with %q", k.Name, k.Policy)
			}
		}
	})
}
