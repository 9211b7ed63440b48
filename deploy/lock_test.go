package deploy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// hold has another living deployment hold a lock for a while.
func (w *fakeEngine) hold(name string, d time.Duration) {
	other := w.process()
	other.absent = true
	lease, err := other.Lock(context.Background(), name, model.Holder{})
	if err != nil {
		panic(err)
	}
	time.AfterFunc(d, func() { _ = lease.Release(context.Background()) })
	w.lines = nil
}

func TestLocked(t *testing.T) {
	story(t, "refused at once", func(t *testing.T, w *fakeEngine) {
		w.hold("shop", time.Minute)
		began := time.Now()
		r := w.process().deploy()
		ends(t, r, model.Locked, 6, model.None)
		done(t, w, "")
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		for _, word := range []string{"shop", "deploy by kim on runner-7 (pid 4711) since 2026-11-20T11:45:00Z"} {
			if !strings.Contains(r.Message, word) {
				t.Errorf("%q does not say %q", r.Message, word)
			}
		}
	})
	story(t, "waits and goes on", func(t *testing.T, w *fakeEngine) {
		w.hold("shop", 20*time.Second)
		began := time.Now()
		p := w.process()
		p.settings.WaitLock = 30 * time.Second
		r := p.deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if w.lines[0] != "unlock shop" || time.Since(began) < 20*time.Second {
			t.Errorf("did not wait: %v", w.lines)
		}
		if said := slices.DeleteFunc(p.said, func(s string) bool { return !strings.Contains(s, "runner-7") }); len(said) != 1 {
			t.Errorf("said %q", p.said)
		}
	})
	story(t, "waits in vain", func(t *testing.T, w *fakeEngine) {
		w.hold("shop", time.Hour)
		began := time.Now()
		p := w.process()
		p.settings.WaitLock = 30 * time.Second
		r := p.deploy()
		ends(t, r, model.Locked, 6, model.None)
		done(t, w, "")
		if took := time.Since(began); took < 30*time.Second || took > 31*time.Second {
			t.Errorf("waited %s", took)
		}
	})
	story(t, "interrupted while it waits", func(t *testing.T, w *fakeEngine) {
		w.hold("shop", time.Hour)
		began := time.Now()
		p := w.process()
		p.settings.WaitLock = time.Hour
		time.AfterFunc(10*time.Second, func() { p.cancel(sigterm) })
		r := p.deploy()
		ends(t, r, model.Interrupted, 143, model.None)
		done(t, w, "")
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("ended after %s", took)
		}
	})
	story(t, "a dead holder's lock clears itself", func(t *testing.T, w *fakeEngine) {
		w.killed(fault{kind: killedAfter, on: "lock shop"})
		ends(t, w.process().deploy(), model.Promoted, 0, model.Green)
	})
}

// TestNginxIsLocked: two projects behind one nginx switch one after the other.
func TestNginxIsLocked(t *testing.T) {
	story(t, "it waits", func(t *testing.T, w *fakeEngine) {
		w.hold("nginx-edge-0123456", 20*time.Second)
		r := w.process().deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if slices.Index(w.lines, "unlock nginx-edge-0123456") > slices.Index(w.lines, "write green") {
			t.Errorf("nginx was written to while another project held it:\n%s", strings.Join(w.lines, "\n"))
		}
	})
	story(t, "and the release ails meanwhile", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = append(healthyAfter(2*time.Second), unhealthyAfter(20*time.Second, "out of connections")...)
		w.hold("nginx-edge-0123456", 60*time.Second)
		r := w.process().deploy()
		ends(t, r, model.Refused, 3, model.Blue)
		if codes(r) != "unhealthy was-green shop-was-green-1" || r.Reasons[0].LastProbe != "out of connections" || len(r.Reasons[0].LogTail) != 1 {
			t.Errorf("%+v", r.Reasons)
		}
		w.told(t, r)
	})
	story(t, "another project holds it for too long", func(t *testing.T, w *fakeEngine) {
		w.hold("nginx-edge-0123456", time.Hour)
		r := w.process().deploy()
		ends(t, r, model.Locked, 6, model.Blue)
		w.told(t, r)
	})
}

// TestLocksAreGivenBack: whatever a command ends with, someone else can begin.
func TestLocksAreGivenBack(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(*fakeEngine, *process)
	}{
		{"promoted", func(*fakeEngine, *process) {}},
		{"the journal cannot be read", func(w *fakeEngine, _ *process) {
			w.journalFails = &model.ManualActionError{Err: errors.New("corrupt"), Run: "look"}
		}},
		{"refused by the plan", func(w *fakeEngine, _ *process) { w.nginx.refusal = model.Refuse(model.ConfigNotLoaded, "x") }},
		{"invalid", func(_ *fakeEngine, p *process) { p.settings.To = model.Blue }},
		{"refused by the gate", func(w *fakeEngine, _ *process) { w.lives["was-green"] = exitsAfter(time.Second, 1) }},
	} {
		for name, command := range map[string]func(*process) *report.Report{"deploy": (*process).deploy, "settle": (*process).settle} {
			story(t, test.name+"/"+name, func(t *testing.T, w *fakeEngine) {
				p := w.process()
				test.set(w, p)
				command(p)
				if len(w.locks) > 0 || len(w.helpers) > 0 {
					t.Errorf("left: locks %v, helpers %d", w.locks, len(w.helpers))
				}
			})
		}
	}
}

// TestLeaseLost: whoever cannot renew its lock stops acting before another may take it.
func TestLeaseLost(t *testing.T) {
	story(t, "in the gate", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = healthyAfter(12 * time.Second)
		p := w.process()
		time.AfterFunc(6*time.Second, func() { p.lose("shop") })
		r := p.deploy()
		if r.ExitCode == 0 || !strings.Contains(r.Message, "could not be renewed") {
			t.Errorf("%s, exit %d: %s", r.Outcome, r.ExitCode, r.Message)
		}
		done(t, w, begun+"\n rehearse green"+abandoned+"\n close \n unlock shop")
		if r.Undo == nil || r.Undo.Name != "abandon" || r.Undo.Status != "ok" {
			t.Errorf("undo %+v", r.Undo)
		}
	})
	story(t, "while nginx tests the configuration", func(t *testing.T, w *fakeEngine) {
		w.nginx.rehearsing = time.Minute
		p := w.process()
		time.AfterFunc(20*time.Second, func() { p.lose("shop") })
		r := p.deploy()
		if r.ExitCode == 0 || !strings.Contains(r.Message, "could not be renewed") {
			t.Errorf("%s, exit %d: %s", r.Outcome, r.ExitCode, r.Message)
		}
	})
	story(t, "in the switch", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.onLine = func(line string) {
			if line == "write green" {
				p.lose("shop")
			}
		}
		r := p.deploy()
		ends(t, r, model.NeedsPerson, 5, model.None)
		if !strings.Contains(r.Message, "could not be renewed") || r.Run != "bluegate settle" {
			t.Errorf("run %q: %s", r.Run, r.Message)
		}
		if w.nginx.disk != confOf(model.Green) || w.nginx.loaded != confOf(model.Blue) || len(w.running(model.Green)) != 2 {
			t.Errorf("something was done without the lock: green %v", w.running(model.Green))
		}
		w.settled(t)
	})
	story(t, "nginx's, in the switch", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.onLine = func(line string) {
			if line == "write green" {
				p.lose("nginx-edge-0123456")
			}
		}
		r := p.deploy()
		ends(t, r, model.NeedsPerson, 5, model.None)
		if !strings.Contains(r.Message, "could not be renewed") || w.nginx.disk != confOf(model.Green) {
			t.Errorf("on disk is %q: %s", w.nginx.disk, r.Message)
		}
		w.settled(t)
	})
	story(t, "and the undoing takes longer than it lasts", func(t *testing.T, w *fakeEngine) {
		w.lives["was-green"] = healthyAfter(12 * time.Second)
		p := w.process()
		w.silent = [2]time.Time{time.Now().Add(6 * time.Second), time.Now().Add(26 * time.Second)}
		time.AfterFunc(6*time.Second, func() { p.lose("shop") })
		r := p.deploy()
		ends(t, r, model.NeedsPerson, 5, model.Blue)
		if w.book().Current == nil {
			t.Error("the journal was closed without the lock")
		}
		w.settled(t)
	})
}
