package deploy

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// The old colour is stopped when its last request has been answered, and not before.

func TestStoppedOnlyWhenDrained(t *testing.T) {
	story(t, "a request of 20 s", func(t *testing.T, w *fakeEngine) {
		w.nginx.hold = 20 * time.Second
		r := w.process().deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		for _, b := range w.boxes {
			if b.Colour == model.Blue && b.stopped.Before(r.Switch.At.Add(19*time.Second)) {
				t.Errorf("%s was stopped %s after the switch", b.Name, b.stopped.Sub(r.Switch.At))
			}
		}
	})
}

func TestDrainOutlastsItsLimit(t *testing.T) {
	story(t, "it is left to settle", func(t *testing.T, w *fakeEngine) {
		w.nginx.hold = 4 * time.Minute
		r := w.process().deploy()
		ends(t, r, model.NeedsPerson, 5, model.Green)
		if r.Run != "bluegate settle" {
			t.Errorf("it says to run %q", r.Run)
		}
		if e := w.book().Current; e == nil || e.Phase != model.PhaseSwitched {
			t.Errorf("the journal has %+v", e)
		}
		if got := w.running(model.Blue); len(got) != 2 {
			t.Errorf("of blue runs %v", got)
		}

		// Too early: nothing is stopped, and a deployment of the colour that still drains is refused.
		w.lines = nil
		r = w.process().settle()
		ends(t, r, model.NeedsPerson, 5, model.Green)
		done(t, w, "lock shop \n drain \n unlock shop")

		w.lines = nil
		r = w.process().deploy()
		ends(t, r, model.Refused, 3, model.Green)
		done(t, w, "lock shop \n drain \n unlock shop")
		if codes(r) != "still-draining" {
			t.Errorf("reasons %q", codes(r))
		}

		time.Sleep(4 * time.Minute)
		w.lines = nil
		r = w.process().settle()
		ends(t, r, model.Settled, 0, model.Green)
		done(t, w, `
			lock shop
			drain
			retire shop-was-blue-1
			retire shop-signal-blue-1
			journal closed
			unlock shop`)
	})
	story(t, "drain.then: stop", func(t *testing.T, w *fakeEngine) {
		w.nginx.hold = time.Hour
		w.cutting = true
		p := w.process()
		p.settings.DrainThenStop = true
		r := p.deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if findings(r) != "cut" || len(w.running(model.Blue)) > 0 {
			t.Errorf("findings %q, and of blue runs %v", findings(r), w.running(model.Blue))
		}
	})
	story(t, "drain.then: stop, when a killed run is settled", func(t *testing.T, w *fakeEngine) {
		w.nginx.hold = time.Hour
		w.killed(fault{kind: killedAfter, on: "drain"})
		w.cutting = true
		p := w.process()
		p.settings.DrainThenStop = true
		r := p.settle()
		ends(t, r, model.Settled, 0, model.Green)
		if len(w.running(model.Blue)) > 0 {
			t.Errorf("of blue runs %v", w.running(model.Blue))
		}
	})
}

// TestNothingToDrainFor: one websocket on a colour that continues running holds nothing up.
func TestNothingToDrainFor(t *testing.T) {
	story(t, "old.keep: running", func(t *testing.T, w *fakeEngine) {
		w.nginx.hold, w.beside = 100*time.Hour, true
		p := w.process()
		p.settings.Keep = model.KeepRunning
		began := time.Now()
		r := p.deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %s", took)
		}
		if got := w.running(model.Blue); len(got) != 2 {
			t.Errorf("of blue runs %v", got)
		}
		if left := w.unclean(); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		r = w.process().deploy() // blue again, whose containers a deployment replaces
		ends(t, r, model.Refused, 3, model.Green)
		if codes(r) != "still-draining" {
			t.Errorf("reasons %q", codes(r))
		}
	})
}

// What holds a drain up has a name and an age: while it lasts, and in the report when it lasts too long.
func TestDrainSaysWhatIsOpen(t *testing.T) {
	story(t, "a stream", func(t *testing.T, w *fakeEngine) {
		w.nginx.hold, w.nginx.counts = time.Hour, true
		p := w.process()
		r := p.deploy()
		ends(t, r, model.NeedsPerson, 5, model.Green)
		open := "1 connection to shop-was-blue-1 (the oldest open for 1m0s or longer)"
		if len(r.Findings) != 1 || r.Findings[0].Code != "still-open" || !strings.Contains(r.Findings[0].Message, open) {
			t.Errorf("findings %+v", r.Findings)
		}
		if want := "draining 1 old worker, with " + open; !slices.ContainsFunc(p.said, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("it said %q, and never %q", p.said, want)
		}
		if r = w.process().settle(); !strings.Contains(findings(r), "still-open") {
			t.Errorf("settling, which waits in vain too, has the findings %q", findings(r))
		}
	})
}

// TestDrainFails: that nobody knows whether old workers are left is no leave to stop what they serve.
func TestDrainFails(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(*process)
		exit int
	}{
		{"nginx cannot be asked", func(p *process) {
			p.fault = fault{kind: failsBefore, on: "drain", err: &model.UnreachableError{What: "nginx", Err: errors.New("EOF")}}
		}, 5},
		{"an error of another kind", func(p *process) { p.fault = fault{kind: failsBefore, on: "drain", err: errors.New("no such process")} }, 5},
		{"SIGTERM", func(p *process) { time.AfterFunc(9*time.Second, func() { p.cancel(sigterm) }) }, 143},
		{"the lock is lost", func(p *process) { time.AfterFunc(9*time.Second, func() { p.lose("shop") }) }, 5},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			w.nginx.hold = 30 * time.Second
			p := w.process()
			test.set(p)
			r := p.deploy()
			if r.ExitCode != test.exit || r.Live != model.Green || r.Run != "bluegate settle" {
				t.Errorf("exit %d, live %q, run %q: %s", r.ExitCode, r.Live, r.Run, r.Message)
			}
			if !strings.Contains(r.Message, "green is live, and blue still runs") {
				t.Errorf("the message does not say what is true: %s", r.Message)
			}
			if got := w.running(model.Blue); len(got) != 2 {
				t.Errorf("of blue runs %v", got)
			}
			if !slices.Contains(w.lines, "drain") && test.exit == 143 {
				t.Error("the signal came before the drain")
			}
			w.settled(t)
		})
	}
}

// TestRetired: what rollback needs stays, and does not come back by itself.
func TestRetired(t *testing.T) {
	story(t, "policies and warnings", func(t *testing.T, w *fakeEngine) {
		w.stopTakes = 12 * time.Second
		r := w.process().deploy()
		past := w.book().Past
		if len(past) != 2 || past[0].Outcome != model.Promoted || past[0].Colour != model.Green || past[0].Release != r.Release {
			t.Fatalf("the journal remembers %+v", past)
		}
		for _, b := range w.boxes {
			if b.Colour == model.Blue && (b.RestartPol != "no" || w.policy(b.Name) != "always") {
				t.Errorf("%s has restart policy %q, and the journal remembers %q", b.Name, b.RestartPol, w.policy(b.Name))
			}
		}
		if findings(r) != "slow-stop slow-stop" {
			t.Errorf("findings %q", findings(r))
		}
	})
}

// TestRollbackHasLimits: what had taken the release's configuration for a moment may hold a websocket.
func TestRollbackHasLimits(t *testing.T) {
	story(t, "old workers do not end", func(t *testing.T, w *fakeEngine) {
		w.nginx.stray, w.nginx.hold = true, 100*time.Hour
		began := time.Now()
		p := w.process()
		p.settings.DrainTimeout = 10 * time.Second
		r := p.deploy()
		ends(t, r, model.NeedsPerson, 5, model.Blue)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %s", took)
		}
		if len(w.running(model.Green)) != 2 {
			t.Errorf("of green, which a worker still serves, runs %v", w.running(model.Green))
		}
	})
}
