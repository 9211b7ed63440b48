package deploy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// What may happen to nginx's configuration while a release is in its gate.

func (p *process) at(line string, do func()) {
	p.onLine = func(l string) {
		if l == line {
			do()
		}
	}
}

// once is at, for the first such line.
func (p *process) once(line string, do func()) {
	var first sync.Once
	p.at(line, func() { first.Do(do) })
}

func TestAnotherProjectSwitchedMeanwhile(t *testing.T) {
	story(t, "the switch is planned and rehearsed anew", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.once("lock nginx-edge-0123456", func() {
			w.nginx.disk += "# the other project\n"
			w.nginx.reload()
		})
		r := p.deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		again := slices.DeleteFunc(slices.Clone(w.lines), func(l string) bool { return l != "rehearse green" })
		if len(again) != 2 {
			t.Errorf("rehearsed %d times", len(again))
		}
	})
	story(t, "it cannot be switched any more", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.once("lock nginx-edge-0123456", func() {
			w.nginx.disk = "upstream was { server elsewhere:80; }"
			w.nginx.reload()
		})
		r := p.deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "switch-point-not-found" || slices.Contains(w.lines, "write green") {
			t.Errorf("reasons %q", codes(r))
		}
	})
	story(t, "the coming configuration does not pass any more", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.once("lock nginx-edge-0123456", func() {
			w.nginx.disk += "# the other project\n"
			w.nginx.reload()
			w.nginx.rejects = "duplicate upstream"
		})
		r := p.deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "nginx-test-failed" {
			t.Errorf("reasons %q", codes(r))
		}
	})
}

// TestAnotherProjectIsSwitching: what it has written and not signalled yet is no edit by hand, at whatever moment it is
// met. One that nobody loads is still refused.
func TestAnotherProjectIsSwitching(t *testing.T) {
	for name, at := range map[string]struct {
		line  string
		after time.Duration
	}{
		"when the deployment begins":           {line: "lock shop"},
		"while the switch is rehearsed":        {line: "rehearse green"},
		"when the old colour is to be stopped": {"drain", 2500 * time.Millisecond}, // it lasts 3 s
	} {
		story(t, name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			met := false
			writes := func() {
				w.locks["nginx-edge-0123456"] = w.process()
				w.nginx.disk += other
			}
			loads := func() {
				w.nginx.reload()
				delete(w.locks, "nginx-edge-0123456")
			}
			later := func(after time.Duration, do func()) {
				time.Sleep(after)
				w.mu.Lock()
				defer w.mu.Unlock()
				do()
			}
			p.at(at.line, func() { // a line is written while the engine is held
				if met {
					return
				}
				met = true
				if at.after == 0 {
					writes()
				}
				go func() {
					if at.after > 0 {
						later(at.after, writes)
					}
					later(900*time.Millisecond, loads)
				}()
			})
			r := p.deploy()
			ends(t, r, model.Promoted, 0, model.Green)
			if !met || !strings.HasSuffix(w.nginx.loaded, other) {
				t.Errorf("met: %t; nginx has loaded %q", met, w.nginx.loaded)
			}
		})
	}
}

// TestReleaseFailsWhileTheSwitchIsPlannedAnew: that it was good when the gate opened does not count any more.
func TestReleaseFailsWhileTheSwitchIsPlannedAnew(t *testing.T) {
	story(t, "it exits", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = slices.Concat(healthyAfter(2*time.Second), exitsAfter(8*time.Second, 3))
		p := w.process()
		rehearsed := 0
		p.onLine = func(line string) {
			switch line {
			case "lock nginx-edge-0123456":
				if rehearsed == 1 {
					w.nginx.disk += "# the other project\n"
					w.nginx.reload()
				}
			case "rehearse green":
				if rehearsed++; rehearsed == 2 {
					w.nginx.rehearsing = 5 * time.Second
				}
			}
		}
		r := p.deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if rehearsed != 2 || slices.Contains(w.lines, "write green") {
			t.Errorf("rehearsed %d times; what was done:\n%s", rehearsed, strings.Join(w.lines, "\n"))
		}
	})
	story(t, "and the files change again and again", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.onLine = func(line string) {
			if line == "lock nginx-edge-0123456" || line == "rehearse green" {
				w.nginx.disk += "# generated\n"
				w.nginx.reload()
			}
		}
		r := p.deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "nginx-not-switched" || !strings.Contains(r.Reasons[0].Message, "changed 4 times") {
			t.Errorf("reasons %v", r.Reasons)
		}
	})
}

// TestEditedByHand: what a person wrote is never overwritten, and what nginx serves because of it is never removed.
func TestEditedByHand(t *testing.T) {
	story(t, "and not loaded", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.at("rehearse green", func() { w.nginx.disk = confOf(model.Blue) + "# tuned\n" })
		r := p.deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "config-not-loaded" || w.nginx.disk != confOf(model.Blue)+"# tuned\n" {
			t.Errorf("reasons %q; on disk is %q", codes(r), w.nginx.disk)
		}
	})
	story(t, "to name the release, which is refused", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = exitsAfter(6*time.Second, 1)
		w.proven[model.Green] = true // by the person
		time.AfterFunc(3*time.Second, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.nginx.disk = confOf(model.Green)
			w.nginx.reload()
		})
		r := w.process().deploy()
		if r.ExitCode != 5 || codes(r) != "exited was-green shop-was-green-1" || !strings.Contains(r.Message, "names green now") {
			t.Errorf("exit %d, %q: %s", r.ExitCode, codes(r), r.Message)
		}
		if got := w.running(model.Green); !slices.Equal(got, []string{"shop-signal-green-1"}) {
			t.Errorf("of green runs %v", got)
		}
	})
}

// TestMentionedByHand: a release that is refused stays where someone made nginx name it at any place since. What named it
// before the deployment began is no reason to keep it.
func TestMentionedByHand(t *testing.T) {
	story(t, "since the deployment began", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = exitsAfter(6*time.Second, 1)
		time.AfterFunc(3*time.Second, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.nginx.mentions = mentionOf(model.Green)
		})
		r := w.process().deploy()
		if r.ExitCode != 5 || !strings.Contains(r.Message, "names green now (/etc/nginx/conf.d/ws.conf:3") || len(w.running(model.Green)) == 0 {
			t.Errorf("exit %d, of green runs %v: %s", r.ExitCode, w.running(model.Green), r.Message)
		}
		w.nginx.mentions = nil
		ends(t, w.process().settle(), model.Settled, 0, model.Blue)
	})
	story(t, "by a whole file", func(t *testing.T, w *fakeEngine) {
		w.nginx.whole = true
		w.lives["was-green"] = exitsAfter(6*time.Second, 1)
		time.AfterFunc(3*time.Second, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.spared = model.Green // the person's own choice
			w.nginx.disk = confOf(model.Green)
			w.nginx.reload()
		})
		r := w.process().deploy()
		if r.ExitCode != 5 || !strings.Contains(r.Message, "names green now (as a whole)") || len(w.running(model.Green)) == 0 {
			t.Errorf("exit %d, of green runs %v: %s", r.ExitCode, w.running(model.Green), r.Message)
		}
		w.nginx.disk = confOf(model.Blue)
		w.nginx.reload()
		time.Sleep(time.Minute)
		ends(t, w.process().settle(), model.Settled, 0, model.Blue)
	})
	story(t, "before the deployment began", func(t *testing.T, w *fakeEngine) {
		w.nginx.mentions = mentionOf(model.Green)
		w.lives["was-green"] = exitsAfter(6*time.Second, 1)
		ends(t, w.process().deploy(), model.Refused, 3, model.Blue)
	})
}

// TestEditedBeyondReading: whole files that a person edited are neither colour's, and what nginx serves by them may be the
// release all the same.
func TestEditedBeyondReading(t *testing.T) {
	edited := func(w *fakeEngine) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.nginx.unread, w.nginx.disk = true, confOf(model.Green)
		w.nginx.reload()
	}
	mended := func(w *fakeEngine) { w.nginx.unread, w.nginx.disk = false, confOf(model.Blue); w.nginx.reload() }
	kept := func(t *testing.T, w *fakeEngine, r *report.Report) {
		t.Helper()
		ends(t, r, model.NeedsPerson, 5, model.None)
		if r.Run != "bluegate settle" || !strings.Contains(r.Message, "may serve green by it, so the release keeps running") {
			t.Errorf("run %q: %s", r.Run, r.Message)
		}
		if got := w.running(model.Green); !slices.Equal(got, []string{"shop-signal-green-1"}) {
			t.Errorf("of green runs %v", got)
		}
	}
	ailing := func(w *fakeEngine) {
		w.lives["was-green"] = exitsAfter(6*time.Second, 1)
		w.proven[model.Green] = true // by the person
	}
	story(t, "and the gate refuses", func(t *testing.T, w *fakeEngine) {
		ailing(w)
		time.AfterFunc(3*time.Second, func() { edited(w) })
		r := w.process().deploy()
		kept(t, w, r)
		if codes(r) != "exited was-green shop-was-green-1" {
			t.Errorf("reasons %q", codes(r))
		}
		kept(t, w, w.process().settle())
		mended(w)
		time.Sleep(time.Minute)
		ends(t, w.process().settle(), model.Settled, 0, model.Blue)
		if left := w.unclean(); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	story(t, "and nobody loaded it", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = exitsAfter(6*time.Second, 1)
		time.AfterFunc(3*time.Second, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.nginx.unread = true
		})
		ends(t, w.process().deploy(), model.Refused, 3, model.Blue)
		if got := w.running(model.Green); len(got) > 0 {
			t.Errorf("of green runs %v", got)
		}
	})
	story(t, "and the run is killed", func(t *testing.T, w *fakeEngine) {
		ailing(w)
		w.killed(fault{kind: killedAfter, on: "rehearse green"})
		time.Sleep(10 * time.Second)
		edited(w)
		kept(t, w, w.process().settle())
	})
	story(t, "and a rollback does not pass", func(t *testing.T, w *fakeEngine) {
		w.deployed(model.KeepStopped)
		w.lives["shop-was-blue-1"] = exitsAfter(6*time.Second, 1)
		w.proven[model.Blue] = true
		time.AfterFunc(3*time.Second, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.nginx.unread, w.nginx.disk = true, confOf(model.Blue)
			w.nginx.reload()
		})
		ends(t, w.process().rollback(), model.NeedsPerson, 5, model.None)
		if got := w.running(model.Blue); !slices.Equal(got, []string{"shop-signal-blue-1"}) {
			t.Errorf("of blue runs %v", got)
		}
	})
	story(t, "before the deployment began", func(t *testing.T, w *fakeEngine) {
		w.nginx.unread = true
		ends(t, w.process().deploy(), model.Refused, 3, model.None)
		done(t, w, "lock shop \n unlock shop")
	})
	story(t, "before anything of the release was there", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.fault = fault{kind: failsBefore, on: "pull signal-green", err: model.Refuse(model.PullFailed, "it is not there")}
		p.at("pull was-green", func() { w.nginx.unread = true })
		if r := p.deploy(); r.ExitCode != 3 || !strings.HasPrefix(codes(r), "pull-failed") {
			t.Errorf("exit %d, %q: %s", r.ExitCode, codes(r), r.Message)
		}
	})
}

// TestProvenButNotJournaled: once users are on the new colour nothing takes it away again.
func TestProvenButNotJournaled(t *testing.T) {
	for _, kind := range []faultKind{failsBefore, failsInAnswer} {
		story(t, string(kind), func(t *testing.T, w *fakeEngine) {
			p := w.process()
			p.fault = fault{kind: kind, on: "journal switched", err: errors.New("no space left on device")}
			r := p.deploy()
			ends(t, r, model.NeedsPerson, 5, model.Green)
			if len(w.running(model.Green)) != 2 || len(w.running(model.Blue)) != 2 || r.Undo != nil {
				t.Errorf("green %v, blue %v, undo %+v", w.running(model.Green), w.running(model.Blue), r.Undo)
			}
			w.settled(t)
			if w.live() != model.Green {
				t.Errorf("nginx serves %s", w.live())
			}
		})
	}
}

// TestSwitchIsReported: how long users waited for a healthy release is told from its last first passing probe.
func TestSwitchIsReported(t *testing.T) {
	story(t, "healthy to switched", func(t *testing.T, w *fakeEngine) {
		w.lives["signal-green"] = healthyAfter(3 * time.Second)
		r := w.process().deploy()
		i := slices.IndexFunc(r.Steps, func(s report.Step) bool { return s.Name == "healthy-to-switched" })
		if i < 0 || r.Steps[i].MS < 5000 || r.Steps[i].MS > 5500 {
			t.Errorf("steps %+v", r.Steps)
		}
		var names []string
		for _, s := range r.Steps {
			if s.Status != "ok" {
				t.Errorf("%+v", s)
			}
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); got != "lock settle observe plan pull replace up gate rehearse healthy-to-switched switch keep drain retire" {
			t.Errorf("steps: %s", got)
		}
	})
}

// late is a Router in whose process a signal arrives when the switch is already proven.
type late struct{ *process }

func (l late) Observe(ctx context.Context, dir *model.Addresses) (model.Nginx, model.Route, error) {
	_, route, err := l.process.Observe(ctx, dir)
	return l, route, err
}

func (l late) Switch(ctx context.Context, change model.Change, targets []model.Target, begin func(model.Change) error) (model.Switched, error) {
	done, err := l.process.Switch(ctx, change, targets, begin)
	l.cancel(sigterm)
	return done, err
}

// TestSignalAfterTheSwitch: what is behind the point of no return is finished, or left to settle.
func TestSignalAfterTheSwitch(t *testing.T) {
	story(t, "right after it", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		r := p.do(func(d *Deployer, ctx context.Context) *report.Report {
			d.Router = late{p}
			return d.Run(ctx)
		})
		ends(t, r, model.Interrupted, 143, model.Green)
		done(t, w, passed+"\n write green \n reload \n journal switched \n unlock nginx-edge-0123456 \n close \n unlock shop")
		if r.Run != "bluegate settle" || r.Message != "interrupted by SIGTERM; green is live, and blue still runs" {
			t.Errorf("run %q: %s", r.Run, r.Message)
		}
	})
	story(t, "when the old colour was stopped", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.fault = fault{kind: signalAfter, on: "retire shop-signal-blue-1"}
		ends(t, p.deploy(), model.Promoted, 0, model.Green)
		if open := w.book().Current; open != nil {
			t.Errorf("the journal has %+v", open)
		}
	})
}

// TestSignalIsNoRefusal: what a signal cut short did not fail.
func TestSignalIsNoRefusal(t *testing.T) {
	for _, line := range []string{"pull was-green", "create was-green", "start was-green", "rehearse green", "journal switching"} {
		story(t, line, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			p.fault = fault{kind: signalInside, on: line}
			r := p.deploy()
			ends(t, r, model.Interrupted, 143, model.Blue)
			if len(r.Reasons) > 0 || r.Message != "interrupted by SIGTERM; what was begun was undone" {
				t.Errorf("%q: %s", codes(r), r.Message)
			}
		})
	}
}

// TestNothingTouched: then there is nothing to undo, and nothing is said of undoing.
func TestNothingTouched(t *testing.T) {
	story(t, "the journal cannot be written", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.fault = fault{kind: failsBefore, on: "journal pulling", err: &model.UnreachableError{What: "the engine", Err: errors.New("EOF")}}
		r := p.deploy()
		ends(t, r, model.Unreachable, 7, model.Blue)
		done(t, w, "lock shop \n unlock shop")
		if r.Undo != nil {
			t.Errorf("undo %+v", r.Undo)
		}
	})
}
