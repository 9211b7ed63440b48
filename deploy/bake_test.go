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

// baked is how a deployment continues that bakes, until nginx provably serves the release.
const baked = passed + `
	write green
	reload
	journal baking
	unlock nginx-edge-0123456`

// pointedBack is a rollback until users are on the old colour.
const pointedBack = `
	lock nginx-edge-0123456
	restore
	write blue
	reload
	unlock nginx-edge-0123456`

// fails makes a service of green good at the gate and bad in the bake.
func (w *fakeEngine) fails(service string, at time.Duration, then life) {
	for i := range then {
		then[i].after = at
	}
	w.lives[service] = append(healthyAfter(2*time.Second), then...)
}

// looked is a look at what someone wrote meanwhile, and adopted is that it continues naming the release.
const (
	looked  = "\n lock nginx-edge-0123456 \n unlock nginx-edge-0123456"
	adopted = "\n lock nginx-edge-0123456 \n journal baking \n unlock nginx-edge-0123456"
)

// other is what another project has in the same file.
const other = "upstream other { server other-blau:8080; }\n"

func TestBake(t *testing.T) {
	retired := `
		journal switched
		keep blue
		drain
		retire shop-was-blue-1
		retire shop-signal-blue-1
		journal closed
		close
		unlock shop`
	back := baked + pointedBack + "\n drain" + abandoned + "\n close \n unlock shop"
	for _, test := range []struct {
		name    string
		set     func(*fakeEngine, *process)
		done    string
		outcome model.Outcome
		exit    int
		live    model.Colour
		reasons string
		says    string
	}{{
		name: "passes",
		set:  func(*fakeEngine, *process) {},
		done: baked + retired, outcome: model.Promoted, live: model.Green,
	}, {
		name: "unhealthy",
		set:  func(w *fakeEngine, _ *process) { w.fails("was-green", 12*time.Second, unhealthyAfter(0, "503")) },
		done: back, outcome: model.RolledBack, exit: 4, live: model.Blue, reasons: "unhealthy was-green shop-was-green-1",
	}, {
		name: "exits",
		set:  func(w *fakeEngine, _ *process) { w.fails("signal-green", 12*time.Second, exitsAfter(0, 3)) },
		done: back, outcome: model.RolledBack, exit: 4, live: model.Blue, reasons: "exited signal-green shop-signal-green-1",
	}, {
		name: "restarts, and is healthy again",
		set: func(w *fakeEngine, _ *process) {
			w.fails("was-green", 12*time.Second, life{{0, func(s *gate.Sample) { s.RestartCount = 1 }}})
		},
		done: back, outcome: model.RolledBack, exit: 4, live: model.Blue, reasons: "restarting was-green shop-was-green-1",
	}, {
		name: "does not accept connections any more",
		set: func(w *fakeEngine, p *process) {
			p.after("journal baking", 3*time.Second, func() { w.nginx.deadPort = true })
			p.after("write blue", 0, func() { w.nginx.deadPort = false })
		},
		done: back, outcome: model.RolledBack, exit: 4, live: model.Blue, reasons: "not-reachable was-green shop-was-green-1",
	}, {
		name: "both are bad",
		set: func(w *fakeEngine, p *process) {
			w.fails("was-green", 12*time.Second, unhealthyAfter(0, "503"))
			p.after("journal baking", time.Second, func() { w.ail(model.Blue) })
		},
		done: baked + "\n close \n unlock shop", outcome: model.NeedsPerson, exit: 5, live: model.Green, reasons: "unhealthy was-green shop-was-green-1", says: "blue is not healthy either",
	}, {
		name: "the reload of the rollback fails",
		set: func(w *fakeEngine, p *process) {
			w.fails("was-green", 12*time.Second, unhealthyAfter(0, "503"))
			p.after("journal baking", time.Second, func() { w.nginx.deaf = true })
		},
		done: baked + pointedBack + "\n close \n unlock shop", outcome: model.NeedsPerson, exit: 5, live: model.None, reasons: "unhealthy was-green shop-was-green-1", says: "nginx did not load it",
	}, {
		name: "someone edits the configuration",
		set: func(w *fakeEngine, p *process) {
			p.after("journal baking", time.Second, func() { w.nginx.disk += "# tuned" })
		},
		done: baked + looked + "\n lock nginx-edge-0123456 \n restore \n unlock nginx-edge-0123456 \n close \n unlock shop", outcome: model.NeedsPerson, exit: 5, live: model.None, says: "someone else",
	}, {
		name: "another project switches in the same file",
		set: func(w *fakeEngine, p *process) {
			p.after("journal baking", time.Second, func() { w.nginx.disk += other; w.nginx.reload() })
		},
		done: baked + adopted + retired, outcome: model.Promoted, live: model.Green,
	}, {
		name: "another project is about to switch in the same file",
		set: func(w *fakeEngine, p *process) {
			p.after("journal baking", time.Second, func() { w.nginx.disk += other; w.locks["nginx-edge-0123456"] = w.process() })
			p.after("journal baking", 3*time.Second, func() { w.nginx.reload(); delete(w.locks, "nginx-edge-0123456") })
		},
		done: baked + adopted + retired, outcome: model.Promoted, live: model.Green,
	}, {
		name: "another project switches twice in the same file, and the release fails",
		set: func(w *fakeEngine, p *process) {
			w.fails("was-green", 16*time.Second, unhealthyAfter(0, "503"))
			for _, at := range []time.Duration{time.Second, 3 * time.Second} {
				p.after("journal baking", at, func() { w.nginx.disk += other; w.nginx.reload() })
			}
		},
		done:    baked + adopted + adopted + strings.Replace(pointedBack, "restore", "rehearse blue \n restore", 1) + "\n drain" + abandoned + "\n close \n unlock shop",
		outcome: model.RolledBack, exit: 4, live: model.Blue, reasons: "unhealthy was-green shop-was-green-1",
	}, {
		name: "another project switches in the same file right before the release fails",
		set: func(w *fakeEngine, p *process) {
			w.fails("was-green", 12*time.Second, unhealthyAfter(0, "503"))
			p.after("journal baking", 0, func() {
				p.after("lock nginx-edge-0123456", 0, func() { w.nginx.disk += other; w.nginx.reload() }) // that of the rollback
			})
		},
		done:    baked + strings.Replace(pointedBack, "restore", "journal baking \n rehearse blue \n restore", 1) + "\n drain" + abandoned + "\n close \n unlock shop",
		outcome: model.RolledBack, exit: 4, live: model.Blue, reasons: "unhealthy was-green shop-was-green-1",
	}, {
		name: "someone puts the old configuration back",
		set: func(w *fakeEngine, p *process) {
			p.after("journal baking", time.Second, func() { w.nginx.disk = confOf(model.Blue); w.nginx.reload() })
		},
		done: strings.ReplaceAll(back, "write blue\n", "\n"), outcome: model.RolledBack, exit: 4, live: model.Blue, reasons: "nginx-not-switched", says: "put the configuration of container \"edge\" back",
	}, {
		name: "nginx is restarted",
		set: func(w *fakeEngine, p *process) {
			p.after("journal baking", time.Second, func() { w.nginx.state = model.RouterStopped })
			p.after("journal baking", 9*time.Second, func() { w.nginx.state = model.RouterRunning })
		},
		done: baked + retired, outcome: model.Promoted, live: model.Green,
	}, {
		name: "nginx is being restarted when the bake ends",
		set: func(w *fakeEngine, p *process) {
			p.after("journal baking", 8*time.Second, func() { w.nginx.state = model.RouterStopped })
			p.after("journal baking", 20*time.Second, func() { w.nginx.state = model.RouterRunning })
		},
		done: baked + retired, outcome: model.Promoted, live: model.Green,
	}, {
		name: "SIGTERM",
		set: func(_ *fakeEngine, p *process) {
			p.after("journal baking", 3*time.Second, func() { p.cancel(sigterm) })
		},
		done: back, outcome: model.Interrupted, exit: 143, live: model.Blue,
	}, {
		name: "the journal cannot be written",
		set: func(_ *fakeEngine, p *process) {
			p.fault = fault{kind: failsBefore, on: "journal baking", err: &model.UnreachableError{What: "the engine", Err: errors.New("EOF")}}
		},
		done: strings.ReplaceAll(back, "journal baking\n", "\n"), outcome: model.RolledBack, exit: 4, live: model.Blue,
	}} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			p.settings.Bake.For = 10 * time.Second
			test.set(w, p)
			r := p.deploy()
			ends(t, r, test.outcome, test.exit, test.live)
			done(t, w, test.done)
			if got := codes(r); got != test.reasons {
				t.Errorf("reasons: %s, want %s", got, test.reasons)
			}
			if !strings.Contains(r.Message, test.says) {
				t.Errorf("message %q does not say %q", r.Message, test.says)
			}
			if strings.Contains(test.name, "in the same file") && (w.nginx.loaded != w.nginx.disk || !strings.Contains(w.nginx.disk, other)) {
				t.Errorf("nginx runs %q, and on disk is %q", w.nginx.loaded, w.nginx.disk)
			}
			if r.Undo != nil && r.Undo.Name != "rollback" {
				t.Errorf("undone by %s, want rollback", r.Undo.Name)
			}
			if test.exit == 4 && (len(w.running(model.Blue)) != 2 || len(w.running(model.Green)) != 0) {
				t.Errorf("of blue runs %q, of green %q", w.running(model.Blue), w.running(model.Green))
			}
			if i := slices.IndexFunc(r.Reasons, func(x model.Reason) bool { return x.Container != "" }); i >= 0 && len(r.Reasons[i].LogTail) == 0 {
				t.Errorf("no log in the evidence: %+v", r.Reasons[i])
			}
		})
	}
}

// TestBakeThatDoesNot: without a colour to go back to, and in a rollback, there is no bake.
func TestBakeThatDoesNot(t *testing.T) {
	story(t, "at the first deployment", func(t *testing.T, w *fakeEngine) {
		w.first(model.RouterRunning)
		p := w.process()
		p.settings.Bake.For = time.Hour
		ends(t, p.deploy(), model.Started, 0, model.Blue)
	})
}

// TestBakeLasts: a bake lasts as long as it was asked for, and an interruption begins it again.
func TestBakeLasts(t *testing.T) {
	for _, test := range []struct {
		name string
		life life
		want time.Duration
	}{
		{"good", healthyAfter(2 * time.Second), 30 * time.Second},
		{"one failing probe", append(healthyAfter(2*time.Second), blip(20*time.Second)...), 43 * time.Second},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			w.lives["was-green"] = test.life
			p := w.process()
			p.settings.Bake.For = 30 * time.Second
			r := p.deploy()
			ends(t, r, model.Promoted, 0, model.Green)
			i := slices.IndexFunc(r.Steps, func(s report.Step) bool { return s.Name == "bake" })
			if took := time.Duration(r.Steps[i].MS) * time.Millisecond; took < test.want-time.Second || took > test.want+2*time.Second {
				t.Errorf("it took %s, want %s", took, test.want)
			}
		})
	}
}

// blip is one probe that fails, of a container that stays healthy.
func blip(at time.Duration) life {
	return life{{at, func(s *gate.Sample) {
		s.FailingStreak, s.LastFailure = 1, s.StartedAt.Add(at)
		s.LastProbe = &gate.ProbeResult{End: s.LastFailure, ExitCode: 1}
	}}, {at + time.Second, func(s *gate.Sample) {
		s.FailingStreak = 0
		s.LastProbe = &gate.ProbeResult{End: s.StartedAt.Add(at + time.Second)}
	}}}
}

// TestSettleBake: a release whose bake was cut short had not passed.
func TestSettleBake(t *testing.T) {
	for _, test := range []struct {
		name string
		kill string
		set  func(*fakeEngine)
		exit int
		live model.Colour
		says string
	}{
		{"baking", "journal baking", func(*fakeEngine) {}, 0, model.Blue, "had not passed"},
		{"loaded, and not yet baking", "reload", func(*fakeEngine) {}, 0, model.Blue, "had not passed"},
		{"pointed back already", "journal baking", func(w *fakeEngine) { w.nginx.disk = confOf(model.Blue); w.nginx.reload() }, 0, model.Blue, "had not passed"},
		{"the old colour has ended", "journal baking", func(w *fakeEngine) { w.ail(model.Blue) }, 0, model.Green, "is live"},
		{"both are bad", "journal baking", func(w *fakeEngine) { w.ail(model.Blue); w.ail(model.Green) }, 5, model.Green, "not healthy either"},
		{"edited meanwhile", "journal baking", func(w *fakeEngine) { w.nginx.disk += other; w.nginx.reload() }, 0, model.Blue, "had not passed"},
		{"edited meanwhile, loaded, and not yet baking", "reload", func(w *fakeEngine) { w.nginx.disk += other; w.nginx.reload() }, 0, model.Blue, "had not passed"},
		{"edited meanwhile, and not loaded", "journal baking", func(w *fakeEngine) { w.nginx.disk += other }, 5, model.Green, "someone else"},
		{"edited meanwhile, and the old colour has ended", "journal baking", func(w *fakeEngine) { w.nginx.disk += other; w.nginx.reload(); w.ail(model.Blue) }, 0, model.Green, "is live"},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			p.settings.Bake.For = time.Minute
			p.fault = fault{kind: killedAfter, on: test.kill}
			p.deploy()
			time.Sleep(time.Minute)
			test.set(w)
			r := w.process().settle()
			if r.ExitCode != test.exit || !strings.Contains(r.Message, test.says) {
				t.Errorf("exit %d: %s; want %d and %q", r.ExitCode, r.Message, test.exit, test.says)
			}
			if live := w.live(); live != test.live {
				t.Errorf("nginx serves %s, want %s", live, test.live)
			}
			if strings.HasPrefix(test.name, "edited") && !strings.Contains(w.nginx.disk, other) {
				t.Errorf("on disk is %q", w.nginx.disk)
			}
		})
	}
}

// ail makes a colour unhealthy for good.
func (w *fakeEngine) ail(colour model.Colour) {
	for _, b := range w.boxes {
		if b.Colour == colour {
			b.life = unhealthyAfter(0, "503")
		}
	}
}

// after does something once, a while after a line.
func (p *process) after(line string, pause time.Duration, do func()) {
	before, did := p.onLine, false
	p.onLine = func(l string) {
		if before != nil {
			before(l)
		}
		if l != line || did {
			return
		}
		if did = true; pause == 0 {
			do()
		} else {
			time.AfterFunc(pause, func() { p.mu.Lock(); defer p.mu.Unlock(); do() })
		}
	}
}
