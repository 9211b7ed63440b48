package deploy

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// previewed is how a deployment of green until its preview goes.
const previewed = begun + `
	rehearse green
	journal waiting
	close
	unlock shop`

// untilPreview deploys green until its preview, as a process of its own.
func (w *fakeEngine) untilPreview(t *testing.T) *report.Report {
	t.Helper()
	p := w.process()
	p.settings.UntilPreview, p.settings.PreviewTimeout = true, time.Hour
	r := p.deploy()
	ends(t, r, model.Waiting, 0, model.Blue)
	time.Sleep(time.Second) // the next release has another second in its id
	return r
}

// waits says that green waits, and blue serves.
func (w *fakeEngine) waits(t *testing.T, release string) {
	t.Helper()
	if e := w.book().Current; !e.Waits() || e.Release != release {
		t.Errorf("the journal has %+v, want release %s waiting", e, release)
	}
	if w.live() != model.Blue || len(w.running(model.Blue)) != 2 || len(w.running(model.Green)) != 2 {
		t.Errorf("nginx serves %q; blue runs %q, green %q", w.live(), w.running(model.Blue), w.running(model.Green))
	}
}

// gone says that nothing of green's release is left, and blue serves.
func (w *fakeEngine) gone(t *testing.T, release string) {
	t.Helper()
	if e := w.book().Current; e != nil {
		t.Errorf("the journal has %+v", e)
	}
	for _, b := range w.boxes {
		if b.Release == release {
			t.Errorf("%s of the release is still there", b.Name)
		}
	}
	if w.live() != model.Blue || len(w.running(model.Blue)) != 2 {
		t.Errorf("nginx serves %q; blue runs %q", w.live(), w.running(model.Blue))
	}
}

// byHand is someone who writes a configuration and reloads nginx.
func (w *fakeEngine) byHand(colour model.Colour) {
	w.nginx.disk = turned(w.nginx.disk, colour)
	w.nginx.reload()
}

func TestUntilPreview(t *testing.T) {
	story(t, "it stops before the switch", func(t *testing.T, w *fakeEngine) {
		r := w.untilPreview(t)
		done(t, w, previewed)
		w.waits(t, r.Release)
		w.restartable()
		if r.Preview == nil || r.Preview.Release != r.Release || r.Preview.Until.Sub(r.Preview.Since) != time.Hour || r.Run != "bluegate promote" {
			t.Errorf("the report has %+v, run %q", r.Preview, r.Run)
		}
		if len(w.history) != 1 || w.history[0].Outcome != model.Waiting || w.history[0].Release != r.Release {
			t.Errorf("the history has %+v", w.history)
		}
		if s := w.process().do((*Deployer).Status); s.Preview == nil || s.Preview.Release != r.Release || s.State != report.StateLive || s.Live != model.Blue || strings.Contains(findings(s), "left-behind") {
			t.Errorf("status: %+v, state %s, live %s, findings %q", s.Preview, s.State, s.Live, findings(s))
		}
	})
	story(t, "a release that does not pass does not wait", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = exitsAfter(time.Second, 3)
		p := w.process()
		p.settings.UntilPreview = true
		r := p.deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		w.gone(t, r.Release)
	})
	story(t, "nothing is live", func(t *testing.T, w *fakeEngine) {
		w.first(model.RouterStopped)
		p := w.process()
		p.settings.UntilPreview = true
		r := p.deploy()
		ends(t, r, model.Malformed, 2, model.None)
		done(t, w, "lock shop\n unlock shop")
	})
}

func TestPromote(t *testing.T) {
	story(t, "it goes the rest of the way", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		w.lines = nil
		r := w.process().promote()
		ends(t, r, model.Promoted, 0, model.Green)
		if r.Release != first.Release || r.From != model.Blue || r.To != model.Green {
			t.Errorf("release %s from %s to %s", r.Release, r.From, r.To)
		}
		done(t, w, `
			lock shop
			rehearse green
			lock nginx-edge-0123456
			journal switching
			write green
			reload
			journal switched
			unlock nginx-edge-0123456
			keep blue
			drain
			retire shop-was-blue-1
			retire shop-signal-blue-1
			journal closed
			close
			unlock shop`)
		if back := w.process().rollback(); back.ExitCode != 0 || back.Live != model.Blue {
			t.Errorf("the rollback after it: %s: %s", back.Outcome, back.Message)
		}
	})
	story(t, "with its bake", func(t *testing.T, w *fakeEngine) {
		w.untilPreview(t)
		p := w.process()
		p.settings.Bake.For = 4 * time.Second
		ends(t, p.promote(), model.Promoted, 0, model.Green)
		if !slices.Contains(w.lines, "journal baking") {
			t.Error("it was not baked")
		}
	})
	for name, change := range map[string]func(*fakeEngine){
		"unhealthy since":     func(w *fakeEngine) { w.find("shop-was-green-1").life = unhealthyAfter(0, "503") },
		"ended since":         func(w *fakeEngine) { w.find("shop-was-green-1").stopped = time.Now() },
		"restarted by policy": func(w *fakeEngine) { w.find("shop-was-green-1").life = life{{0, restarted}} },
		"nginx refuses it":    func(w *fakeEngine) { w.nginx.rejects = "unexpected }" },
	} {
		story(t, name+": it is removed, as in any deployment", func(t *testing.T, w *fakeEngine) {
			first := w.untilPreview(t)
			change(w)
			r := w.process().promote()
			ends(t, r, model.Refused, 3, model.Blue)
			w.gone(t, first.Release)
		})
	}
	story(t, "restarted by someone, and healthy again", func(t *testing.T, w *fakeEngine) {
		w.untilPreview(t)
		w.find("shop-was-green-1").began = time.Now()
		ends(t, w.process().promote(), model.Promoted, 0, model.Green)
	})
	story(t, "a container was removed", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		w.boxes = slices.DeleteFunc(w.boxes, func(b *fakeContainer) bool { return b.Name == "shop-was-green-1" })
		r := w.process().promote()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "vanished was-green shop-was-green-1" {
			t.Errorf("reasons %q", codes(r))
		}
		w.gone(t, first.Release)
	})
	story(t, "a container was recreated by Compose", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		w.boxes = slices.DeleteFunc(w.boxes, func(b *fakeContainer) bool { return b.Name == "shop-was-green-1" })
		s, _ := w.app.Models[model.Green].Service("was-green")
		w.create(s, model.Green, "").began = time.Now().Add(-time.Minute)
		r := w.process().promote()
		ends(t, r, model.Refused, 3, model.Blue)
		if !strings.Contains(r.Message, "Compose recreated it") {
			t.Errorf("message %q", r.Message)
		}
		w.gone(t, first.Release)
	})
	story(t, "the old colour was redeployed by Compose", func(t *testing.T, w *fakeEngine) {
		w.untilPreview(t)
		w.boxes = slices.DeleteFunc(w.boxes, func(b *fakeContainer) bool { return b.Colour == model.Blue })
		for _, s := range w.app.Models[model.Blue].Services {
			w.create(s, model.Blue, "").began = time.Now().Add(-time.Minute)
		}
		ends(t, w.process().promote(), model.Promoted, 0, model.Green)
		if kept := w.book().Releases[1]; !kept.Adopted || len(kept.Kept) != 2 || kept.Kept[0].ID != w.find("shop-was-blue-1").ID {
			t.Errorf("what a rollback goes back to: %+v", kept)
		}
	})
	story(t, "the engine does not answer: it waits on", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		p := w.process()
		p.fault = fault{kind: failsBefore, on: "rehearse green", err: &model.UnreachableError{What: "nginx", Err: errors.New("EOF")}}
		ends(t, p.promote(), model.Unreachable, 7, model.Blue)
		w.waits(t, first.Release)
		ends(t, w.process().promote(), model.Promoted, 0, model.Green)
	})
	story(t, "interrupted in its gate: it waits on", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		p := w.process()
		time.AfterFunc(2*time.Second, func() { p.cancel(sigterm) })
		if r := p.promote(); r.Outcome != model.Interrupted {
			t.Errorf("%s: %s", r.Outcome, r.Message)
		}
		w.waits(t, first.Release)
	})
	story(t, "nothing waits", func(t *testing.T, w *fakeEngine) {
		r := w.process().promote()
		ends(t, r, model.Malformed, 2, model.None)
		done(t, w, "lock shop\n unlock shop")
	})
	story(t, "its time is over", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		time.Sleep(time.Hour)
		r := w.process().promote()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "preview-over" {
			t.Errorf("reasons %q", codes(r))
		}
		w.gone(t, first.Release)
	})
}

func restarted(s *gate.Sample) {
	s.Health, s.RestartCount = gate.HealthHealthy, 1
}

// TestPreviewSwitchedByHand: users are where nginx sends them, whatever the journal says.
func TestPreviewSwitchedByHand(t *testing.T) {
	story(t, "promote finishes it", func(t *testing.T, w *fakeEngine) {
		w.untilPreview(t)
		w.byHand(model.Green)
		w.lines = nil
		r := w.process().promote()
		ends(t, r, model.Promoted, 0, model.Green)
		if !strings.Contains(findings(r), "switched-by-hand") {
			t.Errorf("findings %q", findings(r))
		}
		done(t, w, `
			lock shop
			journal switched
			keep blue
			drain
			retire shop-was-blue-1
			retire shop-signal-blue-1
			journal closed
			unlock shop`)
	})
	story(t, "promote leaves both where it is not healthy", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		w.byHand(model.Green)
		w.find("shop-was-green-1").life = unhealthyAfter(0, "503")
		ends(t, w.process().promote(), model.NeedsPerson, 5, model.Green)
		if e := w.book().Current; !e.Waits() || e.Release != first.Release || len(w.running(model.Blue)) != 2 {
			t.Errorf("the journal has %+v", e)
		}
	})
	story(t, "abort removes nothing", func(t *testing.T, w *fakeEngine) {
		w.untilPreview(t)
		w.byHand(model.Green)
		w.lines = nil
		r := w.process().abort()
		ends(t, r, model.NeedsPerson, 5, model.Green)
		done(t, w, "lock shop\n unlock shop")
	})
	story(t, "and back: what old workers still answer is waited for", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		w.nginx.hold = 20 * time.Second
		w.byHand(model.Green)
		w.byHand(model.Blue)
		ends(t, w.process().abort(), model.OK, 0, model.Blue)
		w.gone(t, first.Release)
	})
	story(t, "and back, and old workers do not end", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		w.nginx.hold = time.Hour
		w.byHand(model.Green)
		w.byHand(model.Blue)
		ends(t, w.process().abort(), model.NeedsPerson, 5, model.Blue)
		w.waits(t, first.Release)
	})
	story(t, "loaded, and what is on disk is the old one again", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		w.byHand(model.Green)
		w.nginx.disk = confOf(model.Blue)
		w.nginx.leaving = nil
		for name, command := range map[string]func(*process) *report.Report{"abort": (*process).abort, "promote": (*process).promote} {
			if r := command(w.process()); r.ExitCode == 0 {
				t.Errorf("%s: %s", name, r.Outcome)
			}
		}
		time.Sleep(time.Hour)
		if r := w.process().settle(); r.ExitCode != 5 {
			t.Errorf("settle: %s: %s", r.Outcome, r.Message)
		}
		if e := w.book().Current; !e.Waits() || e.Release != first.Release || len(w.running(model.Green)) != 2 {
			t.Errorf("the journal has %+v", e)
		}
	})
	story(t, "settle, once its time is over", func(t *testing.T, w *fakeEngine) {
		w.untilPreview(t)
		w.byHand(model.Green)
		time.Sleep(time.Hour)
		ends(t, w.process().settle(), model.Settled, 0, model.Green)
		if len(w.running(model.Green)) != 2 || len(w.running(model.Blue)) != 2 || w.book().Current != nil {
			t.Error("something was stopped, or the journal is open")
		}
	})
}

func TestAbort(t *testing.T) {
	story(t, "it is removed", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		w.lines = nil
		r := w.process().abort()
		ends(t, r, model.OK, 0, model.Blue)
		done(t, w, "lock shop\n drain"+abandoned+"\n unlock shop")
		w.gone(t, first.Release)
		if w.history[0].Command != "abort" || w.history[0].Release != first.Release || w.history[0].Outcome != model.OK {
			t.Errorf("the history has %+v", w.history[0])
		}
	})
	story(t, "after its time too", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		time.Sleep(2 * time.Hour)
		ends(t, w.process().abort(), model.OK, 0, model.Blue)
		w.gone(t, first.Release)
	})
	story(t, "nothing waits", func(t *testing.T, w *fakeEngine) {
		ends(t, w.process().abort(), model.Malformed, 2, model.None)
	})
}

// TestPreviewPending: what needs the colour of a release that waits is refused, or replaces it.
func TestPreviewPending(t *testing.T) {
	commands := map[string]func(*process) *report.Report{"deploy": (*process).deploy, "rollback": (*process).rollback}
	for name, command := range commands {
		story(t, name+" is refused", func(t *testing.T, w *fakeEngine) {
			if name == "rollback" { // there is something to go back to
				w.process().deploy()
				time.Sleep(time.Second)
				p := w.process()
				p.settings.UntilPreview = true
				p.deploy()
			} else {
				w.untilPreview(t)
			}
			w.lines = nil
			before := w.live()
			r := command(w.process())
			if codes(r) != "preview-pending" {
				t.Errorf("reasons %q", codes(r))
			}
			ends(t, r, model.Refused, 3, before)
			done(t, w, "lock shop\n unlock shop")
		})
	}
	story(t, "deploy replaces it", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		p := w.process()
		p.settings.Replace = true
		r := p.deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if r.Release == first.Release || len(w.history) != 3 {
			t.Errorf("release %s, and the history has %d records", r.Release, len(w.history))
		}
	})
	story(t, "rollback replaces it", func(t *testing.T, w *fakeEngine) {
		w.process().deploy()
		time.Sleep(time.Second)
		p := w.process()
		p.settings.UntilPreview = true
		second := p.deploy()
		if second.Outcome != model.Waiting || second.To != model.Blue {
			t.Fatalf("%s: %s", second.Outcome, second.Message)
		}
		time.Sleep(time.Second)
		p = w.process()
		p.settings.Replace = true
		ends(t, p.rollback(), model.Promoted, 0, model.Blue)
		for _, b := range w.boxes {
			if b.Release == second.Release {
				t.Errorf("%s of the release that waited is still there", b.Name)
			}
		}
	})
	story(t, "deploy after its time", func(t *testing.T, w *fakeEngine) {
		w.untilPreview(t)
		time.Sleep(time.Hour)
		ends(t, w.process().deploy(), model.Promoted, 0, model.Green)
	})
	story(t, "the dry run and the doctor say so", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		for name, look := range map[string]func(*process) *report.Report{
			"dry run": func(p *process) *report.Report { return p.do((*Deployer).DryRun) },
			"doctor":  func(p *process) *report.Report { return p.do((*Deployer).Doctor) },
		} {
			if r := look(w.process()); r.ExitCode != 3 || codes(r) != "preview-pending" {
				t.Errorf("%s: %s, reasons %q", name, r.Outcome, codes(r))
			}
		}
		w.waits(t, first.Release)
		p := w.process()
		p.settings.Replace = true
		if r := p.do((*Deployer).DryRun); r.ExitCode != 0 {
			t.Errorf("with --replace: %s: %s", r.Outcome, r.Message)
		}
		w.waits(t, first.Release)
	})
	story(t, "settle leaves it, and removes it after its time", func(t *testing.T, w *fakeEngine) {
		first := w.untilPreview(t)
		r := w.process().settle()
		ends(t, r, model.Settled, 0, model.Blue)
		if !strings.Contains(r.Message, "waits to be promoted") {
			t.Errorf("message %q", r.Message)
		}
		w.waits(t, first.Release)
		p := w.process()
		p.settings.Cut = true
		if r := p.settle(); codes(r) != "preview-pending" {
			t.Errorf("settle --cut: %s, reasons %q", r.Outcome, codes(r))
		}
		w.waits(t, first.Release)
		time.Sleep(time.Hour)
		ends(t, w.process().settle(), model.Settled, 0, model.Blue)
		w.gone(t, first.Release)
	})
}

// toldWaiting compares what a run said with a release that waits.
func (w *fakeEngine) toldWaiting(t *testing.T, r *report.Report) {
	t.Helper()
	if live := w.live(); live != model.Blue && !w.beside || len(w.running(model.Blue)) != 2 || len(w.running(live)) != 2 {
		t.Errorf("exit %d (%s: %s): nginx serves %q, and blue runs %q", r.ExitCode, r.Outcome, r.Message, live, w.running(model.Blue))
	}
	if r.Outcome == model.Promoted || r.Outcome == model.OK {
		t.Errorf("%s: %s, and a release waits", r.Outcome, r.Message)
	}
}

// leavesWaiting says that settle leaves a release that waits, and lets its time pass.
func (w *fakeEngine) leavesWaiting(t *testing.T) {
	t.Helper()
	e := w.book().Current
	if !e.Waits() {
		return
	}
	if r := w.process().settle(); r.ExitCode != 0 || !w.book().Current.Waits() {
		t.Errorf("settle before its time: %s (%d): %s", r.Outcome, r.ExitCode, r.Message)
	}
	time.Sleep(time.Until(e.Preview.Until))
}

// previewWays are the commands about a release that waits, for the crash tests.
var previewWays = []way{
	{name: "until the preview", set: func(_ *fakeEngine, s *Settings) { s.UntilPreview, s.PreviewTimeout = true, time.Hour }, exit: 0},
	{name: "promoted", set: waitsFirst, does: (*process).promote, exit: 0},
	{name: "promoted after a bake", set: func(w *fakeEngine, s *Settings) {
		waitsFirst(w, s)
		s.Bake.For = 4 * time.Second
	}, does: (*process).promote, exit: 0},
	{name: "promoted after someone switched", set: func(w *fakeEngine, s *Settings) {
		waitsFirst(w, s)
		w.byHand(model.Green)
		w.beside = true // settle leaves both then
	}, does: (*process).promote, exit: 0},
	{name: "promote refused", set: func(w *fakeEngine, s *Settings) {
		waitsFirst(w, s)
		w.find("shop-was-green-1").life = unhealthyAfter(0, "503")
	}, does: (*process).promote, exit: 3},
	{name: "promote taken back", set: func(w *fakeEngine, s *Settings) {
		waitsFirst(w, s)
		w.nginx.stray = true
	}, does: (*process).promote, exit: 4},
	{name: "aborted", set: waitsFirst, does: (*process).abort, exit: 0},
	{name: "replaced", set: func(w *fakeEngine, s *Settings) {
		waitsFirst(w, s)
		s.Replace = true
	}, exit: 0},
	{name: "let in", set: func(w *fakeEngine, s *Settings) { w.testers(); s.UntilPreview, s.PreviewTimeout = true, time.Hour }, exit: 0},
	{name: "let in, promoted", set: letInFirst, does: (*process).promote, exit: 0},
	{name: "let in, promoted by a canary after a bake", set: func(w *fakeEngine, s *Settings) {
		letInFirst(w, s)
		w.nginx.canary = fakeCanary
		s.Bake.For = 4 * time.Second
	}, does: (*process).promote, exit: 0},
	{name: "let in, promote refused", set: func(w *fakeEngine, s *Settings) {
		letInFirst(w, s)
		w.find("shop-was-green-1").life = unhealthyAfter(0, "503")
	}, does: (*process).promote, exit: 3},
	{name: "let in, and worse in the bake", set: func(w *fakeEngine, s *Settings) {
		w.lives["was-green"] = append(healthyAfter(2*time.Second), unhealthyAfter(20*time.Second, "503")...)
		letInFirst(w, s)
		s.Bake.For = 20 * time.Second
	}, does: (*process).promote, exit: 4},
	{name: "let in, aborted", set: letInFirst, does: (*process).abort, exit: 0},
	{name: "let in, replaced", set: func(w *fakeEngine, s *Settings) {
		letInFirst(w, s)
		s.Replace = true
	}, exit: 0},
}

// testers are told by nginx, and get a release that waits.
func (w *fakeEngine) testers() { w.nginx.testers = true }

// letInFirst leaves a release that waits, and that testers get.
func letInFirst(w *fakeEngine, s *Settings) {
	w.testers()
	waitsFirst(w, s)
}

// waitsFirst leaves a release that waits.
func waitsFirst(w *fakeEngine, _ *Settings) {
	p := w.process()
	p.settings.UntilPreview, p.settings.PreviewTimeout = true, time.Hour
	if r := p.deploy(); r.Outcome != model.Waiting {
		panic(r.Message)
	}
	time.Sleep(time.Second)
	w.lines = nil
}

func TestPreviewUncut(t *testing.T) {
	for _, way := range previewWays {
		story(t, way.name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			way.set(w, &p.settings)
			r := way.run(p)
			if r.ExitCode != way.exit {
				t.Errorf("exit %d (%s: %s), want %d", r.ExitCode, r.Outcome, r.Message, way.exit)
			}
			w.told(t, r)
			w.settled(t)
		})
	}
}

func TestPreviewInterruptedAtEveryCall(t *testing.T) {
	for _, kind := range []faultKind{signalBefore, signalAfter, signalInside} {
		cutWays(t, previewWays, fault{kind: kind}, func(t *testing.T, w *fakeEngine, r *report.Report) {
			if !slices.Contains([]int{0, 143, 3, 4, 5}, r.ExitCode) {
				t.Errorf("exit %d: %s", r.ExitCode, r.Message)
			}
			w.told(t, r)
			w.settled(t)
		})
	}
}

// TestPreviewKilledAtEveryCall: the next command ends on one colour, or the release still waits.
func TestPreviewKilledAtEveryCall(t *testing.T) {
	for _, kind := range []faultKind{killedBefore, killedAfter} {
		cutWays(t, previewWays, fault{kind: kind}, func(t *testing.T, w *fakeEngine, r *report.Report) {
			if r != nil {
				t.Fatalf("a killed run reported %s", r.Outcome)
			}
			w.settled(t)
		})
		cutWays(t, previewWays, fault{kind: kind}, func(t *testing.T, w *fakeEngine, _ *report.Report) {
			w.nginx.mend()
			time.Sleep(time.Minute) // old workers of a switch by hand have ended
			p := w.process()
			p.settings.Replace = true
			r := p.deploy()
			if r.ExitCode != 0 {
				t.Errorf("the next deployment: %s (%d): %s", r.Outcome, r.ExitCode, r.Message)
			}
			w.told(t, r)
			if left := w.unclean(); len(left) > 0 {
				t.Errorf("after the next deployment:\n%s", strings.Join(left, "\n"))
			}
		})
	}
}

func TestPreviewEveryCallFailsOnce(t *testing.T) {
	for _, err := range []error{errors.New("disk full"), &model.UnreachableError{What: "the engine", Err: errors.New("EOF")}} {
		for _, kind := range []faultKind{failsBefore, failsInAnswer} {
			cutWays(t, previewWays, fault{kind: kind, err: err, asks: true}, func(t *testing.T, w *fakeEngine, r *report.Report) {
				w.told(t, r)
				w.settled(t)
			})
		}
	}
}

// TestLetTestersIn: testers get the release while it waits and 503 otherwise, and its containers are removed after nginx does
// not name them any more.
func TestLetTestersIn(t *testing.T) {
	open := func(w *fakeEngine) bool { return strings.Contains(w.nginx.loaded, "# testers\n") }
	closed := func(w *fakeEngine) bool { return strings.Contains(w.nginx.loaded, closedMark) }
	story(t, "let in, and promoted", func(t *testing.T, w *fakeEngine) {
		w.testers()
		first := w.untilPreview(t)
		done(t, w, begun+`
			rehearse green
			rehearse blue
			lock nginx-edge-0123456
			journal starting
			write blue
			reload
			unlock nginx-edge-0123456
			journal starting
			rehearse green
			rehearse green
			lock nginx-edge-0123456
			journal starting
			write testers
			reload
			unlock nginx-edge-0123456
			journal waiting
			close
			unlock shop`)
		w.waits(t, first.Release)
		if !open(w) {
			t.Error("testers are not let in")
		}
		time.Sleep(time.Minute)
		s := w.process().do((*Deployer).Status)
		if s.Live != model.Blue || s.Canary != nil || findings(s) != "" {
			t.Errorf("status: live %s, canary %+v, findings %q", s.Live, s.Canary, findings(s))
		}
		w.lines = nil
		r := w.process().promote()
		ends(t, r, model.Promoted, 0, model.Green)
		if open(w) || !closed(w) || findings(r) != "" {
			t.Errorf("nginx has %q, findings %q", w.nginx.loaded, findings(r))
		}
	})
	story(t, "let in, and aborted", func(t *testing.T, w *fakeEngine) {
		w.testers()
		first := w.untilPreview(t)
		w.lines = nil
		ends(t, w.process().abort(), model.OK, 0, model.Blue)
		done(t, w, `
			lock shop
			lock nginx-edge-0123456
			restore
			write blue
			reload
			unlock nginx-edge-0123456
			drain
			journal waiting
			drain
			remove shop-was-green-1
			remove shop-signal-green-1
			give back shop/was-green:latest
			give back shop/signal-green:latest
			journal closed
			close
			unlock shop`)
		w.gone(t, first.Release)
		if open(w) || !closed(w) {
			t.Errorf("nginx has %q", w.nginx.loaded)
		}
	})
	story(t, "its time is over", func(t *testing.T, w *fakeEngine) {
		w.testers()
		first := w.untilPreview(t)
		time.Sleep(time.Hour)
		ends(t, w.process().settle(), model.Settled, 0, model.Blue)
		w.gone(t, first.Release)
		if open(w) || !closed(w) {
			t.Errorf("nginx has %q", w.nginx.loaded)
		}
	})
	story(t, "someone wrote nginx's file, and it leads to the release still", func(t *testing.T, w *fakeEngine) {
		w.testers()
		first := w.untilPreview(t)
		w.nginx.disk += "# edited\n"
		w.nginx.reload()
		ends(t, w.process().abort(), model.NeedsPerson, 5, model.Blue)
		w.waits(t, first.Release)
	})
	story(t, "users' requests go on for long", func(t *testing.T, w *fakeEngine) {
		w.testers()
		first := w.untilPreview(t)
		w.nginx.hold = 10 * time.Minute
		ends(t, w.process().abort(), model.NeedsPerson, 5, model.Blue)
		w.waits(t, first.Release)
		time.Sleep(10 * time.Minute)
		w.nginx.hold = 0
		ends(t, w.process().abort(), model.OK, 0, model.Blue)
		w.gone(t, first.Release)
	})
}
