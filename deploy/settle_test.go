package deploy

import (
	"errors"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// What a killed run left is decided by what is true: each phase of the journal meets each fate of nginx.

const (
	undoneLater = `
		lock shop
		sweep
		remove shop-was-green-1
		remove shop-signal-green-1
		give back shop/was-green:latest
		give back shop/signal-green:latest
		journal closed
		unlock shop`
	finishedLater = `
		lock shop
		sweep
		lock nginx-edge-0123456
		unlock nginx-edge-0123456
		keep blue
		drain
		retire shop-was-blue-1
		retire shop-signal-blue-1
		journal closed
		unlock shop`
	takenBack = `
		lock shop
		sweep
		lock nginx-edge-0123456
		restore
		write blue
		reload
		unlock nginx-edge-0123456
		drain
		remove shop-was-green-1
		remove shop-signal-green-1
		give back shop/was-green:latest
		give back shop/signal-green:latest
		journal closed
		close
		unlock shop`
	untouched = "lock shop \n sweep \n lock nginx-edge-0123456 \n unlock nginx-edge-0123456 \n unlock shop"
)

func TestSettle(t *testing.T) {
	for _, test := range []struct {
		name string
		kill string // after this line
		set  func(*fakeEngine)
		done string
		exit int
		live model.Colour
		says string

		beside bool // both colours run afterwards
	}{{
		name: "pulling", kill: "pull was-green",
		done: "lock shop \n give back shop/was-green:latest \n journal closed \n unlock shop",
		live: model.Blue, says: "had not passed",
	}, {
		name: "pulling, and nothing came", kill: "journal pulling",
		done: "lock shop \n journal closed \n unlock shop",
		live: model.Blue, says: "had not passed",
	}, {
		name: "starting", kill: "start was-green",
		done: strings.ReplaceAll(undoneLater, "sweep", ""),
		live: model.Blue, says: "had not passed",
	}, {
		name: "starting, rehearsed", kill: "rehearse green",
		done: undoneLater,
		live: model.Blue, says: "had not passed",
	}, {
		name: "starting, and a person made nginx name the release", kill: "rehearse green",
		set:  func(w *fakeEngine) { w.nginx.disk = confOf(model.Green); w.nginx.reload() },
		done: "lock shop \n sweep \n journal closed \n unlock shop",
		live: model.Green, says: "made green live by hand", beside: true,
	}, {
		name: "starting, and a person made nginx name both", kill: "rehearse green",
		set:  func(w *fakeEngine) { w.nginx.disk += confOf(model.Green); w.nginx.reload() },
		done: "lock shop \n sweep \n unlock shop",
		exit: 5, live: model.None, says: "names green",
	}, {
		name: "switching, untouched", kill: "journal switching",
		done: `
			lock shop
			sweep
			lock nginx-edge-0123456
			restore
			reload
			unlock nginx-edge-0123456
			drain
			remove shop-was-green-1
			remove shop-signal-green-1
			give back shop/was-green:latest
			give back shop/signal-green:latest
			journal closed
			close
			unlock shop`,
		live: model.Blue, says: "had not passed",
	}, {
		name: "switching, written", kill: "write green",
		done: takenBack,
		live: model.Blue, says: "had not passed",
	}, {
		name: "switching, written, and nginx does not reload", kill: "write green",
		set: func(w *fakeEngine) { w.nginx.deaf = true },
		done: `
			lock shop
			sweep
			lock nginx-edge-0123456
			restore
			write blue
			reload
			unlock nginx-edge-0123456
			close
			unlock shop`,
		exit: 5, live: model.None, says: "nginx did not load it",
	}, {
		name: "switching, loaded", kill: "reload",
		done: strings.ReplaceAll(finishedLater, "keep blue", "journal switched \n keep blue"),
		live: model.Green, says: "is live",
	}, {
		name: "switching, loaded, and the release has ended since", kill: "reload",
		set: func(w *fakeEngine) {
			for _, b := range w.boxes {
				if b.Colour == model.Green {
					b.life = exitsAfter(0, 137)
				}
			}
		},
		done: takenBack,
		live: model.Blue,
	}, {
		name: "switching, loaded, and the release crashes in a loop since", kill: "reload",
		set: func(w *fakeEngine) {
			for _, b := range w.boxes {
				if b.Colour == model.Green {
					b.life = life{{0, func(s *gate.Sample) { s.State = gate.StateRestarting }}}
				}
			}
		},
		done: takenBack,
		live: model.Blue,
	}, {
		name: "switching, foreign", kill: "write green",
		set:  func(w *fakeEngine) { w.nginx.disk = confOf(model.Green) + "# tuned" },
		done: untouched, exit: 5, live: model.None, says: "was edited: it holds neither",
	}, {
		name: "switching, nginx gone", kill: "write green",
		set:  func(w *fakeEngine) { w.nginx.state = model.RouterAbsent },
		done: "lock shop \n sweep \n lock nginx- \n unlock nginx- \n unlock shop", exit: 5, live: model.None, says: "is not there any more",
	}, {
		name: "switching, nginx stopped, written", kill: "write green",
		set: func(w *fakeEngine) { w.nginx.state = model.RouterStopped },
		done: `
			lock shop
			sweep
			lock nginx-edge-0123456
			restore
			write blue
			unlock nginx-edge-0123456
			remove shop-was-green-1
			remove shop-signal-green-1
			give back shop/was-green:latest
			give back shop/signal-green:latest
			journal closed
			close
			unlock shop`,
		live: model.None, says: "had not passed",
	}, {
		name: "switched", kill: "journal switched",
		done: strings.ReplaceAll(strings.ReplaceAll(finishedLater, "unlock nginx-edge-0123456", ""), "lock nginx-edge-0123456", ""),
		live: model.Green, says: "is live",
	}, {
		name: "switched, half retired", kill: "retire shop-was-blue-1",
		done: "lock shop \n sweep \n drain \n retire shop-signal-blue-1 \n journal closed \n unlock shop",
		live: model.Green, says: "is live",
	}, {
		name: "switched, and a person pointed nginx back", kill: "journal switched",
		set:  func(w *fakeEngine) { w.nginx.disk = confOf(model.Blue); w.nginx.reload() },
		done: "lock shop \n sweep \n drain \n retire shop-was-green-1 \n retire shop-signal-green-1 \n journal closed \n unlock shop",
		live: model.Blue, says: "made blue live again by hand",
	}, {
		name: "switched, and a person points nginx back while it drains", kill: "journal switched",
		set:  func(w *fakeEngine) { w.nginx.editedInDrain = confOf(model.Blue) },
		done: "lock shop \n sweep \n keep blue \n drain \n unlock shop",
		exit: 5, live: model.Blue, says: "names blue again",
	}, {
		name: "switched, and a person made nginx name both", kill: "journal switched",
		set:  func(w *fakeEngine) { w.nginx.disk += confOf(model.Blue); w.nginx.reload() },
		done: "lock shop \n sweep \n unlock shop",
		exit: 5, live: model.None, says: "names both colours",
	}, {
		name: "switched, on disk only another time", kill: "journal switched",
		set:  func(w *fakeEngine) { w.nginx.loaded = confOf(model.Blue) },
		done: "lock shop \n sweep \n unlock shop",
		exit: 5, live: model.None, says: "what runs is not what is on disk",
	}, {
		name: "switched, and nginx is gone", kill: "journal switched",
		set:  func(w *fakeEngine) { w.nginx.state = model.RouterAbsent },
		done: "lock shop \n sweep \n unlock shop",
		exit: 5, live: model.None, says: "nginx is not there any more",
	}, {
		name: "nothing was left", kill: "lock shop",
		done: "lock shop \n unlock shop", live: model.Blue, says: "nothing was left to settle",
	}} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			w.killed(fault{kind: killedAfter, on: test.kill})
			time.Sleep(10 * time.Second)
			if test.set != nil {
				test.set(w)
			}
			before := string(w.journal)
			r := w.process().settle()
			outcome := model.Settled
			if test.exit == 5 {
				outcome = model.NeedsPerson
				if r.Run == "" || string(w.journal) != before {
					t.Errorf("to run: %q; the journal is as it was: %v", r.Run, string(w.journal) == before)
				}
			} else if left := w.unclean(); len(left) > 0 && !test.beside && w.nginx.state == model.RouterRunning {
				t.Errorf("left behind: %s", strings.Join(left, "\n"))
			}
			ends(t, r, outcome, test.exit, test.live)
			done(t, w, test.done)
			if !strings.Contains(r.Message, test.says) {
				t.Errorf("the message %q does not say %q", r.Message, test.says)
			}
		})
	}
}

// TestSettleFirst: nginx named the colour before the first deployment, so that the configuration tells nothing of how far
// a killed run came. What it serves has to be good and reached now.
func TestSettleFirst(t *testing.T) {
	const proven = `
		lock shop
		sweep
		lock nginx-edge-0123456
		restore
		reload
		unlock nginx-edge-0123456
		journal closed
		close
		unlock shop`
	const removed = `
		drain
		remove shop-was-blue-1
		remove shop-signal-blue-1
		journal closed
		close
		unlock shop`
	for _, test := range []struct {
		name, kill string
		set        func(*fakeEngine)
		done       string
		exit       int
		running    int
		says       string
	}{{
		name: "before the gate has opened", kill: "journal switching", done: proven, running: 2, says: "is live",
	}, {
		name: "after the reload", kill: "reload", done: proven, running: 2, says: "is live",
	}, {
		name: "the release is not healthy", kill: "journal switching", set: func(w *fakeEngine) { w.ail(model.Blue) },
		done: "lock shop \n sweep \n lock nginx-edge-0123456 \n unlock nginx-edge-0123456" + strings.Replace(removed, "close\n", "\n", 1), says: "had not passed",
	}, {
		name: "nginx does not reach it", kill: "journal switching", set: func(w *fakeEngine) { w.nginx.deadPort = true },
		done: "lock shop \n sweep \n lock nginx-edge-0123456 \n restore \n reload \n unlock nginx-edge-0123456" + removed, says: "had not passed",
	}, {
		name: "nginx does not reload", kill: "journal switching", set: func(w *fakeEngine) { w.nginx.deaf = true },
		done: "lock shop \n sweep \n lock nginx-edge-0123456 \n restore \n reload \n unlock nginx-edge-0123456 \n close \n unlock shop", exit: 5, running: 2, says: "did not load it",
	}, {
		name: "someone edits the configuration", kill: "journal switching", set: func(w *fakeEngine) { w.nginx.disk += "# tuned" },
		done: untouched, exit: 5, running: 2, says: "what runs is not what is on disk",
	}} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			w.first(model.RouterRunning)
			w.before, w.registry = w.tags, w.tags
			w.killed(fault{kind: killedAfter, on: test.kill})
			time.Sleep(10 * time.Second)
			if test.set != nil {
				test.set(w)
			}
			r := w.process().settle()
			if r.ExitCode != test.exit || !strings.Contains(r.Message, test.says) {
				t.Errorf("exit %d: %s; want %d and %q", r.ExitCode, r.Message, test.exit, test.says)
			}
			done(t, w, test.done)
			if got := w.running(model.Blue); len(got) != test.running {
				t.Errorf("of blue runs %q", got)
			}
		})
	}
}

// TestSettleHasLimits: what was taken back may have workers that a websocket keeps for ever.
func TestSettleHasLimits(t *testing.T) {
	story(t, "old workers do not end", func(t *testing.T, w *fakeEngine) {
		w.nginx.hold = 100 * time.Hour
		w.nginx.stray = true
		w.killed(fault{kind: killedAfter, on: "reload"})
		w.nginx.loaded = confOf(model.Blue) // and a worker of green is left
		w.nginx.leaving = []worker{{confOf(model.Green), time.Now().Add(100 * time.Hour)}}
		began := time.Now()
		r := w.process().settle()
		ends(t, r, model.NeedsPerson, 5, model.None)
		if took := time.Since(began); took > 10*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

// TestJournalUnusable: a journal that is not understood is never overwritten.
func TestJournalUnusable(t *testing.T) {
	for name, command := range map[string]func(*process) *report.Report{"deploy": (*process).deploy, "settle": (*process).settle} {
		story(t, name, func(t *testing.T, w *fakeEngine) {
			w.journalFails = &model.ManualActionError{Err: errors.New("the journal has version 2"), Run: "docker rm bluegate-journal-shop"}
			r := command(w.process())
			ends(t, r, model.NeedsPerson, 5, model.None)
			done(t, w, "lock shop \n unlock shop")
			if r.Run != "docker rm bluegate-journal-shop" {
				t.Errorf("to run: %q", r.Run)
			}
		})
	}
}

// TestDeploySettlesFirst: the next deployment finishes or undoes what a killed one left, says so, and continues.
func TestDeploySettlesFirst(t *testing.T) {
	story(t, "undone", func(t *testing.T, w *fakeEngine) {
		w.killed(fault{kind: killedAfter, on: "start was-green"})
		r := w.process().deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if !strings.HasPrefix(findings(r), "settled") || r.To != model.Green || r.Message != "" {
			t.Errorf("to %s, findings %q: %s", r.To, findings(r), r.Message)
		}
	})
	story(t, "finished", func(t *testing.T, w *fakeEngine) {
		w.killed(fault{kind: killedAfter, on: "journal switched"})
		r := w.process().deploy()
		ends(t, r, model.Promoted, 0, model.Blue)
		if !strings.HasPrefix(findings(r), "settled") || r.From != model.Green {
			t.Errorf("from %s, findings %q", r.From, findings(r))
		}
	})
	story(t, "a finding is told once", func(t *testing.T, w *fakeEngine) {
		w.killed(fault{kind: killedAfter, on: "start was-green"})
		w.nginx.findings = []model.Finding{{Code: "not-persistent", Message: "lies in no mount"}}
		if got := findings(w.process().deploy()); got != "not-persistent settled" {
			t.Errorf("findings %q", got)
		}
	})
	story(t, "the journal remembers ten", func(t *testing.T, w *fakeEngine) {
		var ids []string
		for range 12 {
			r := w.process().deploy()
			ids = append([]string{r.Release}, ids...)
			time.Sleep(time.Minute)
		}
		past := w.book().Past
		if len(past) != 10 {
			t.Fatalf("%d are remembered", len(past))
		}
		for i, p := range past {
			if p.Release != ids[i] {
				t.Errorf("%d: %s, want %s", i, p.Release, ids[i])
			}
		}
	})
}

// TestSettleBakeByHand: someone pointed nginx back in words of their own, after a run that was killed in its bake.
func TestSettleBakeByHand(t *testing.T) {
	story(t, "pointed back", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.settings.Bake.For = time.Minute
		p.fault = fault{kind: killedAfter, on: "journal baking"}
		p.deploy()
		w.nginx.disk = confOf(model.Blue) + "# tuned"
		w.nginx.reload()
		ends(t, w.process().settle(), model.Settled, 0, model.Blue)
		if got := w.running(model.Green); len(got) > 0 {
			t.Errorf("of green runs %v", got)
		}
	})
}
