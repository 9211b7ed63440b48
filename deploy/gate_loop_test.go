package deploy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// The gate at work: what is true now opens it, never what was true at the last event.

// opened is how long after the start of the containers nginx was pointed at them.
func opened(w *fakeEngine, r *report.Report) time.Duration {
	var began time.Time
	for _, b := range w.boxes {
		if b.Release == r.Release && b.began.After(began) {
			began = b.began
		}
	}
	return r.Switch.At.Sub(began)
}

func TestGateOpens(t *testing.T) {
	for _, test := range []struct {
		name        string
		set         func(*fakeEngine, *Settings)
		after, most time.Duration
	}{
		{"healthy for gate.stable", nil, 7 * time.Second, 7500 * time.Millisecond},
		{"stable: 0", func(w *fakeEngine, s *Settings) { w.stable, s.Stable = 0, 0 }, 2 * time.Second, 2500 * time.Millisecond},
		{"the last one counts", func(w *fakeEngine, _ *Settings) { w.lives["signal-green"] = healthyAfter(9 * time.Second) }, 14 * time.Second, 14500 * time.Millisecond},
		{"healthy just before the deadline", func(w *fakeEngine, s *Settings) {
			w.lives["was-green"] = healthyAfter(19500 * time.Millisecond)
			s.Timeout = 20 * time.Second
		}, 24500 * time.Millisecond, 25 * time.Second},
		{"a failing probe begins the window anew", func(w *fakeEngine, _ *Settings) {
			w.lives["was-green"] = slices.Concat(healthyAfter(2*time.Second), life{{4 * time.Second, func(s *gate.Sample) {
				s.FailingStreak, s.LastFailure = 1, s.StartedAt.Add(4*time.Second)
			}}}, healthyAfter(5*time.Second))
		}, 10 * time.Second, 10500 * time.Millisecond},
		{"Up is still busy", func(w *fakeEngine, _ *Settings) { w.upTakes = 11 * time.Second }, 11 * time.Second, 11500 * time.Millisecond},
		{"the rehearsal is still under way", func(w *fakeEngine, _ *Settings) { w.nginx.rehearsing = 11 * time.Second }, 11 * time.Second, 11500 * time.Millisecond},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			if test.set != nil {
				test.set(w, &p.settings)
			}
			r := p.deploy()
			ends(t, r, model.Promoted, 0, model.Green)
			if r.Switch == nil {
				return
			}
			if took := opened(w, r); took < test.after || took > test.most {
				t.Errorf("switched after %s, want %s to %s", took, test.after, test.most)
			}
		})
	}
}

// TestUpHasALimit: an engine that has frozen keeps nobody waiting for ever.
func TestUpHasALimit(t *testing.T) {
	story(t, "healthy, and Up does not return", func(t *testing.T, w *fakeEngine) {
		w.upTakes = 100 * time.Hour
		began := time.Now()
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if took := time.Since(began); took > 2*time.Minute || codes(r) != "create-failed" {
			t.Errorf("%q after %s", codes(r), took)
		}
		w.told(t, r)
	})
}

func TestGateRefuses(t *testing.T) {
	killed := func(s *gate.Sample) { s.State, s.ExitCode, s.OOMKilled = gate.StateExited, 137, true }
	for _, test := range []struct {
		name   string
		life   life
		within time.Duration // after the start of the deployment
		reason string
	}{
		{"never healthy", nil, 20 * time.Second, "timeout was-green shop-was-green-1"},
		{"unhealthy, with the retries used up", unhealthyAfter(6*time.Second, "refused"), 7 * time.Second, "unhealthy was-green shop-was-green-1"},
		{"exits", exitsAfter(3*time.Second, 3), 4 * time.Second, "exited was-green shop-was-green-1"},
		{"runs out of memory", life{{3 * time.Second, killed}}, 4 * time.Second, "oom-killed was-green shop-was-green-1"},
		{"restarts, and its probe passes", append(healthyAfter(time.Second), moment{3 * time.Second, func(s *gate.Sample) { s.RestartCount = 1 }}), 4 * time.Second, "restarting was-green shop-was-green-1"},
		{"is paused", append(healthyAfter(time.Second), moment{3 * time.Second, func(s *gate.Sample) { s.State = gate.StatePaused }}), 4 * time.Second, "paused was-green shop-was-green-1"},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			w.lives["was-green"] = test.life
			began := time.Now()
			r := w.process().deploy()
			ends(t, r, model.Refused, 3, model.Blue)
			if took := time.Since(began); codes(r) != test.reason || took > test.within {
				t.Errorf("%q after %s, want %q within %s", codes(r), took, test.reason, test.within)
			}
			w.told(t, r)
		})
	}
	story(t, "someone removes a container", func(t *testing.T, w *fakeEngine) {
		time.AfterFunc(4*time.Second, func() { w.vanish("shop-was-green-1") })
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "vanished was-green shop-was-green-1" {
			t.Errorf("reasons %q", codes(r))
		}
	})
}

// vanish is someone who removes a container.
func (w *fakeEngine) vanish(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.boxes = slices.DeleteFunc(w.boxes, func(b *fakeContainer) bool { return b.Name == name })
}

// TestEvidence: what is bad is told with its last probe, its exit code and its last words, which go with the container.
func TestEvidence(t *testing.T) {
	story(t, "unhealthy", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = unhealthyAfter(3*time.Second, "\x1b[31mconnection refused\n::set-output name=a::b")
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		reason := r.Reasons[0]
		if reason.LastProbe != "[31mconnection refused\n| ::set-output name=a::b" || !slices.Equal(reason.LogTail, []string{"last words of shop-was-green-1"}) {
			t.Errorf("%+v", reason)
		}
		if !slices.Equal(r.Pruned.Containers, []string{"shop-was-green-1", "shop-signal-green-1"}) ||
			!slices.Equal(r.Pruned.Images, []string{"shop/was-green:latest", "shop/signal-green:latest"}) {
			t.Errorf("pruned %+v", r.Pruned)
		}
		if r.Undo == nil || *r.Undo != (report.Undo{Name: "abandon", Status: "ok"}) {
			t.Errorf("undo %+v", r.Undo)
		}
		failed := slices.DeleteFunc(slices.Clone(r.Steps), func(s report.Step) bool { return s.Status != "failed" })
		if len(failed) != 1 || failed[0].Name != "gate" {
			t.Errorf("steps %+v", r.Steps)
		}
	})
	story(t, "exited", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = exitsAfter(time.Second, 3)
		r := w.process().deploy()
		if code := r.Reasons[0].ExitCode; code == nil || *code != 3 || len(r.Reasons[0].LogTail) != 1 {
			t.Errorf("%+v", r.Reasons[0])
		}
	})
	story(t, "its log cannot be read", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = exitsAfter(time.Second, 3)
		p := w.process()
		p.logFails = errors.New("configured logging driver does not support reading")
		r := p.deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		w.told(t, r)
	})
	story(t, "the first error is not hidden behind that of the undoing", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = exitsAfter(time.Second, 3)
		p := w.process()
		p.fault = fault{kind: failsBefore, on: "give back shop/was-green:latest", err: errors.New("disk on fire")}
		r := p.deploy()
		ends(t, r, model.NeedsPerson, 5, model.Blue)
		if codes(r) != "exited was-green shop-was-green-1" || r.Undo.Status != "failed" || !strings.Contains(r.Undo.Error, "disk on fire") ||
			!strings.Contains(r.Message, "exited with 3") || !strings.Contains(r.Message, "disk on fire") {
			t.Errorf("%q: %s; undo %+v", codes(r), r.Message, r.Undo)
		}
		w.settled(t)
	})
}

// TestEngineIsSilent: silence is not "nothing has changed".
func TestEngineIsSilent(t *testing.T) {
	silent := func(w *fakeEngine, from, to time.Duration) {
		w.silent = [2]time.Time{time.Now().Add(from), time.Now().Add(to)}
	}
	story(t, "the gate waits until it is asked again", func(t *testing.T, w *fakeEngine) {
		began := time.Now()
		silent(w, 4*time.Second, 12*time.Second)
		p := w.process()
		r := p.deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if at := r.Switch.At.Sub(began); at < 12*time.Second || at > 13*time.Second {
			t.Errorf("switched after %s, though the engine was silent until 12s", at)
		}
		if said := slices.DeleteFunc(p.said, func(s string) bool { return !strings.Contains(s, "does not answer") }); len(said) != 1 {
			t.Errorf("said %q", p.said)
		}
	})
	story(t, "a container exits in the silence", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = append(healthyAfter(2*time.Second), exitsAfter(5*time.Second, 1)...)
		silent(w, 4*time.Second, 12*time.Second)
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "exited was-green shop-was-green-1" {
			t.Errorf("reasons %q", codes(r))
		}
	})
	story(t, "a container vanishes in the silence", func(t *testing.T, w *fakeEngine) {
		silent(w, 4*time.Second, 12*time.Second)
		time.AfterFunc(6*time.Second, func() { w.vanish("shop-was-green-1") })
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "vanished was-green shop-was-green-1" {
			t.Errorf("reasons %q", codes(r))
		}
	})
	story(t, "until after the deadline", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = nil
		began := time.Now()
		silent(w, 4*time.Second, 25*time.Second)
		r := w.process().deploy()
		if took := time.Since(began); r.ExitCode != 5 && r.ExitCode != 3 || took > time.Minute {
			t.Errorf("exit %d after %s: %s", r.ExitCode, took, r.Message)
		}
		w.settled(t)
	})
	story(t, "for ever", func(t *testing.T, w *fakeEngine) {
		silent(w, 4*time.Second, time.Hour)
		began := time.Now()
		r := w.process().deploy()
		ends(t, r, model.NeedsPerson, 5, model.Blue)
		if took := time.Since(began); took > time.Minute+engineBack || len(w.running(model.Blue)) != 2 {
			t.Errorf("after %s; of blue runs %v", took, w.running(model.Blue))
		}
	})
}

// TestRefreshed: a watcher that sees nothing any more, and does not know it, opens no gate either.
func TestRefreshed(t *testing.T) {
	for _, test := range []struct {
		name   string
		set    func(*fakeEngine)
		reason string
	}{
		{"it exits", func(w *fakeEngine) {
			w.lives["was-green"] = append(healthyAfter(2*time.Second), exitsAfter(4*time.Second, 1)...)
		}, "exited"},
		{"its health goes", func(w *fakeEngine) {
			w.lives["was-green"] = append(healthyAfter(2*time.Second), unhealthyAfter(4*time.Second, "x")...)
		}, "unhealthy"},
		{"it is removed", func(w *fakeEngine) { time.AfterFunc(4*time.Second, func() { w.vanish("shop-was-green-1") }) }, "vanished"},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			w.blind = time.Now().Add(3500 * time.Millisecond)
			test.set(w)
			r := w.process().deploy()
			ends(t, r, model.Refused, 3, model.Blue)
			if codes(r) != test.reason+" was-green shop-was-green-1" {
				t.Errorf("reasons %q", codes(r))
			}
		})
	}
}

// unwatched is a Stack whose watcher ends before it is told to.
type unwatched struct{ *process }

func (u unwatched) Watch(context.Context, model.Model, string) <-chan model.ContainerEvent {
	out := make(chan model.ContainerEvent)
	close(out)
	return out
}

func TestWatcherEnds(t *testing.T) {
	story(t, "a gate that is not watched does not open", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		r := p.do(func(d *Deployer, ctx context.Context) *report.Report {
			d.Stack = unwatched{p}
			return d.Run(ctx)
		})
		if r.ExitCode == 0 {
			t.Errorf("%s: %s", r.Outcome, r.Message)
		}
		w.told(t, r)
	})
}

// TestProgress: who watches is told when the gate decides at the latest, and in the window when that ends.
func TestProgress(t *testing.T) {
	story(t, "deadline and window", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		began := time.Now()
		p.deploy()
		if len(p.shown) == 0 {
			t.Fatal("nothing was shown")
		}
		// Pulling takes 400 ms and does not count.
		if first := p.shown[0]; first.next.Sub(began) != 19*time.Second+400*time.Millisecond {
			t.Errorf("first shown: decided after %s", first.next.Sub(began))
		}
		latest := p.shown[0].next
		for _, s := range p.shown[:len(p.shown)-1] {
			if inWindow := s.next.Before(latest); inWindow != (s.good == 2) {
				t.Errorf("%s: %d are good, to be asked again at %s", s.at.Sub(began), s.good, s.next.Sub(began))
			}
		}
		if last := p.shown[len(p.shown)-1]; !last.next.IsZero() {
			t.Errorf("the gate has opened, and is to be asked again at %s", last.next.Sub(began))
		}
	})
}
