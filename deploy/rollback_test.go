package deploy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// waysBack are the rollbacks that are cut at every call, too.
var waysBack = []way{
	{name: "rolled back", back: true, set: func(w *fakeEngine, _ *Settings) { w.deployed(model.KeepStopped) }},
	{name: "rolled back to what is gone", back: true, set: func(w *fakeEngine, _ *Settings) { w.deployed(model.KeepRemoved) }},
	{name: "rolled back to what runs", back: true, set: func(w *fakeEngine, _ *Settings) { w.deployed(model.KeepRunning) }},
	{name: "rolled back over strangers", back: true, set: func(w *fakeEngine, _ *Settings) { w.deployed(model.KeepRemoved); w.strangers() }},
	{name: "the rollback is refused by the gate", exit: 3, back: true, set: func(w *fakeEngine, _ *Settings) {
		w.deployed(model.KeepStopped)
		w.lives["shop-was-blue-1"] = exitsAfter(time.Second, 3)
	}},
	{name: "the rollback is taken back", exit: 4, back: true, set: func(w *fakeEngine, _ *Settings) { w.deployed(model.KeepStopped); w.nginx.stray = true }},
	{name: "the rollback's drain outlasts its limit", exit: 5, back: true, set: func(w *fakeEngine, s *Settings) {
		w.deployed(model.KeepStopped)
		w.nginx.hold, s.DrainTimeout = time.Minute, 5*time.Second
	}},
	{name: "rolled back after a run killed in its drain", back: true, set: func(w *fakeEngine, _ *Settings) { w.killed(fault{kind: killedAfter, on: "drain"}) }},
	{name: "rolled back after a rollback killed in its gate", back: true, set: func(w *fakeEngine, _ *Settings) {
		w.deployed(model.KeepStopped)
		p := w.process()
		p.fault = fault{kind: killedAfter, on: "revive was-blue"}
		p.rollback()
		time.Sleep(time.Second)
		w.lines = nil
	}},
}

// deployed makes it an engine on which green was made live a minute ago, so that blue is what a rollback goes back to.
func (w *fakeEngine) deployed(keep model.Keep) {
	p := w.process()
	p.settings.Keep = keep
	if r := p.deploy(); r.ExitCode != 0 {
		panic(r.Message)
	}
	time.Sleep(time.Minute)
	w.lines, w.before, w.beside = nil, maps.Clone(w.tags), keep == model.KeepRunning
	delete(w.proven, model.Blue)
}

// strangers stand where blue stood: someone tried something by hand.
func (w *fakeEngine) strangers() {
	for _, s := range w.app.Models[model.Blue].Services {
		b := w.create(s, model.Blue, "")
		b.Digest, b.RestartPol = "sha256:something", "no"
	}
}

// backAgain is how a rollback to blue continues from its gate.
const backAgain = `
	rehearse blue
	lock nginx-edge-0123456
	journal switching
	write blue
	reload
	journal switched
	unlock nginx-edge-0123456
	keep green
	drain
	retire shop-was-green-1
	retire shop-signal-green-1
	journal closed
	close
	unlock shop`

func TestRollback(t *testing.T) {
	for _, test := range []struct {
		name    string
		set     func(*fakeEngine)
		done    string
		outcome model.Outcome
		exit    int
		live    model.Colour
		says    string
	}{{
		name:    "to what was kept",
		done:    "lock shop \n journal starting \n revive was-blue \n revive signal-blue" + backAgain,
		outcome: model.Promoted, live: model.Blue,
	}, {
		name:    "to what is gone",
		set:     func(w *fakeEngine) { w.remove(model.Blue) },
		done:    "lock shop \n journal starting \n remake was-blue \n remake signal-blue \n revive was-blue \n revive signal-blue" + backAgain,
		outcome: model.Promoted, live: model.Blue,
	}, {
		name: "to what is half gone",
		set: func(w *fakeEngine) {
			w.boxes = slices.DeleteFunc(w.boxes, func(b *fakeContainer) bool { return b.Service == "was-blue" })
		},
		done:    "lock shop \n journal starting \n remake was-blue \n revive was-blue \n revive signal-blue" + backAgain,
		outcome: model.Promoted, live: model.Blue,
	}, {
		name: "after a release that was refused in its place, and with its tag moved",
		set: func(w *fakeEngine) {
			w.lives["was-blue"] = exitsAfter(time.Second, 3)
			w.process().deploy()
			delete(w.lives, "was-blue")
			w.tags["shop/was-blue:latest"] = "sha256:moved"
			w.lines = nil
		},
		done:    "lock shop \n journal starting \n remake was-blue \n remake signal-blue \n revive was-blue \n revive signal-blue" + backAgain,
		outcome: model.Promoted, live: model.Blue,
	}, {
		name:    "over strangers",
		set:     func(w *fakeEngine) { w.remove(model.Blue); w.strangers() },
		done:    "lock shop \n journal starting \n remove shop-was-blue-1 \n remove shop-signal-blue-1 \n remake was-blue \n remake signal-blue \n revive was-blue \n revive signal-blue" + backAgain,
		outcome: model.Promoted, live: model.Blue,
	}, {
		name:    "to what does not become healthy",
		set:     func(w *fakeEngine) { w.lives["shop-was-blue-1"] = exitsAfter(time.Second, 3) },
		done:    "lock shop \n journal starting \n revive was-blue \n revive signal-blue \n rehearse blue \n retire shop-was-blue-1 \n retire shop-signal-blue-1 \n journal closed \n close \n unlock shop",
		outcome: model.Refused, exit: 3, live: model.Green, says: "exited",
	}, {
		name:    "to what nobody holds",
		set:     func(w *fakeEngine) { w.remove(model.Blue); clear(w.archive) },
		done:    "lock shop \n unlock shop",
		outcome: model.Malformed, exit: 2, live: model.Green, says: "someone removed both",
	}, {
		name:    "after a rollback",
		set:     func(w *fakeEngine) { w.process().rollback(); w.lines = nil },
		done:    "lock shop \n unlock shop",
		outcome: model.Malformed, exit: 2, live: model.Blue, says: "a rollback is not rolled back; deploy a new release with `bluegate deploy`",
	}, {
		name: "after a switch by hand",
		set: func(w *fakeEngine) {
			for _, b := range w.boxes {
				b.began, b.stopped = time.Now(), time.Time{}
			}
			w.nginx.disk = confOf(model.Blue)
			w.nginx.reload()
		},
		done:    "lock shop \n unlock shop",
		outcome: model.Malformed, exit: 2, live: model.Blue, says: "someone switched nginx by hand",
	}, {
		name:    "with nothing live",
		set:     func(w *fakeEngine) { w.stopAll() },
		done:    "lock shop \n unlock shop",
		outcome: model.Malformed, exit: 2, live: model.None, says: "nothing to go back from",
	}, {
		name:    "with nginx stopped",
		set:     func(w *fakeEngine) { w.nginx.state = model.RouterStopped },
		done:    "lock shop \n unlock shop",
		outcome: model.Unreachable, exit: 7, live: model.None, says: "does not run, so that it is not known what users are on; start it, then roll back",
	}, {
		name:    "with a journal that was lost",
		set:     func(w *fakeEngine) { w.journal = nil },
		done:    "lock shop \n unlock shop",
		outcome: model.Malformed, exit: 2, live: model.Green, says: "nothing to go back to",
	}} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			w.deployed(model.KeepStopped)
			if test.set != nil {
				test.set(w)
			}
			time.Sleep(time.Minute)
			images := map[string]string{}
			for name, k := range w.archive {
				images[name] = fmt.Sprint(k)
			}
			r := w.process().rollback()
			ends(t, r, test.outcome, test.exit, test.live)
			done(t, w, test.done)
			if !strings.Contains(r.Message, test.says) {
				t.Errorf("the message %q does not say %q", r.Message, test.says)
			}
			if test.exit == 0 {
				w.told(t, r)
				for _, b := range w.boxes {
					if b.Colour == model.Blue && (b.Digest != "sha256:old-"+b.Service || b.RestartPol != "always") {
						t.Errorf("%s is of image %s and has restart policy %q", b.Name, b.Digest, b.RestartPol)
					}
				}
			}
		})
	}
}

func (w *fakeEngine) remove(colour model.Colour) {
	w.boxes = slices.DeleteFunc(w.boxes, func(b *fakeContainer) bool { return b.Colour == colour })
}

// TestRollbackNeedsOnlyTheSwitch where the old colour was left running, or still drains: nothing of it is started or
// stopped.
func TestRollbackNeedsOnlyTheSwitch(t *testing.T) {
	for name, set := range map[string]func(*fakeEngine){
		"kept running": func(w *fakeEngine) { w.deployed(model.KeepRunning) },
		"still drains": func(w *fakeEngine) {
			w.nginx.hold = 10 * time.Minute
			p := w.process()
			p.settings.DrainTimeout = time.Second
			p.deploy()
			w.lines, w.nginx.hold = nil, time.Second
			w.nginx.leaving[0].until = time.Now().Add(20 * time.Second)
		},
	} {
		story(t, name, func(t *testing.T, w *fakeEngine) {
			set(w)
			r := w.process().rollback()
			ends(t, r, model.Promoted, 0, model.Blue)
			for _, line := range w.lines {
				if strings.HasPrefix(line, "revive") || strings.HasPrefix(line, "remake") || strings.HasSuffix(line, "-blue-1") {
					t.Errorf("it needed to %s", line)
				}
			}
		})
	}
}

// TestRollbackDryRun changes nothing.
func TestRollbackDryRun(t *testing.T) {
	story(t, "half gone", func(t *testing.T, w *fakeEngine) {
		w.deployed(model.KeepStopped)
		w.boxes = slices.DeleteFunc(w.boxes, func(b *fakeContainer) bool { return b.Service == "was-blue" })
		r := w.process().do((*Deployer).RollbackDryRun)
		ends(t, r, model.Planned, 0, model.Green)
		if got := fmt.Sprint(r.Plan.Create, r.Plan.Start, r.Plan.Stop); got != "[shop-was-blue-1 of image sha256:old-was-blue] [shop-signal-blue-1] [shop-was-green-1 shop-signal-green-1]" {
			t.Errorf("it plans %s", got)
		}
		done(t, w, "")
	})
	story(t, "nothing", func(t *testing.T, w *fakeEngine) {
		r := w.process().do((*Deployer).RollbackDryRun)
		ends(t, r, model.Malformed, 2, model.Blue)
		done(t, w, "")
	})
}

// TestNothingGrows: whatever is deployed, good or bad, forth and back, no more is kept than what rollback needs.
func TestNothingGrows(t *testing.T) {
	story(t, "sixty commands", func(t *testing.T, w *fakeEngine) {
		for i := range 60 {
			for ref := range w.registry {
				w.registry[ref] = fmt.Sprintf("sha256:%s-%d", ref, i)
			}
			clear(w.lives)
			command := (*process).deploy
			switch i % 5 {
			case 2:
				w.lives["was-blue"], w.lives["was-green"] = exitsAfter(time.Second, 3), exitsAfter(time.Second, 3)
			case 4:
				command = (*process).rollback
			}
			r := command(w.process())
			if want := map[int]int{2: 3}[i%5]; r.ExitCode != want {
				t.Fatalf("%d: exit %d, want %d: %s", i, r.ExitCode, want, r.Message)
			}
			time.Sleep(time.Minute)
		}
		j := w.book()
		if len(j.Releases) > model.RememberedReleases || len(w.archive) > model.KeptReleases || len(w.boxes) > 4 || len(j.Brought) > 4*model.RememberedReleases {
			t.Errorf("%d releases, %d kept, %d containers, %d images to prune", len(j.Releases), len(w.archive), len(w.boxes), len(j.Brought))
		}
		if len(w.pruned) < 40 {
			t.Errorf("only %d images were pruned", len(w.pruned))
		}
		for id := range w.pruned {
			if w.uses(id) {
				t.Errorf("image %s was pruned and is needed", id)
			}
		}
	})
}

// Status says what a rollback would go back to, as the rollback then does.
func TestStatusTellsTheWayBack(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(*fakeEngine)
		want string // the containers' states, or why not
	}{
		{"kept", nil, "stopped stopped"},
		{"left running", func(w *fakeEngine) {
			for _, b := range w.boxes {
				b.stopped = time.Time{}
			}
		}, "running running"},
		{"half gone", func(w *fakeEngine) {
			w.boxes = slices.DeleteFunc(w.boxes, func(b *fakeContainer) bool { return b.Service == "was-blue" })
		}, "held stopped"},
		{"over strangers", func(w *fakeEngine) { w.remove(model.Blue); w.strangers() }, "held held"},
		{"what nobody holds", func(w *fakeEngine) { w.remove(model.Blue); clear(w.archive) }, "someone removed both"},
		{"after a rollback", func(w *fakeEngine) { w.process().rollback() }, "a rollback is not rolled back"},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			w.deployed(model.KeepStopped)
			if test.set != nil {
				test.set(w)
			}
			w.lines = nil
			way := w.process().do((*Deployer).Status).Rollback
			states := []string{}
			for _, k := range way.Containers {
				states = append(states, string(k.State))
			}
			if got := strings.Join(states, " "); way.Refused == "" && (got != test.want || way.Colour != model.Blue || way.Release == "") || !strings.Contains(way.Refused, test.want) && way.Refused != "" {
				t.Errorf("got %q, %+v; want %s", got, way, test.want)
			}
			if r := w.process().rollback(); (r.ExitCode == 0) != (way.Refused == "") || r.ExitCode != 0 && r.Message != way.Refused {
				t.Errorf("the rollback ended with %s: %s; status had said %+v", r.Outcome, r.Message, way)
			}
		})
	}
}
