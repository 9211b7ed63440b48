package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/drill"
	"bluegate/deploy/drill/load"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// fakeUsers is a load that sends nothing: what its requests get is said before.
type fakeUsers struct {
	status int // before anything is switched
	lost   []load.Request
}

// Try implements drill.Load.
func (u fakeUsers) Try(_ context.Context, _ string, o load.Options) (all []load.Request, err error) {
	for kind, calls := range o.Calls {
		for _, call := range calls {
			r := load.Request{Kind: kind, Path: call.Path, Status: u.status}
			if call.Status != 0 && call.Status != u.status {
				r.Err, r.Loss = fmt.Sprint(u.status), load.WrongAnswer
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// Start implements drill.Load.
func (u fakeUsers) Start(context.Context, string, load.Options) (drill.Running, error) { return u, nil }

// Stop implements drill.Running.
func (u fakeUsers) Stop() load.Record {
	all := slices.Clone(u.lost)
	for i := range all {
		all[i].End = time.Now()
	}
	all = append(all, load.Request{Kind: load.NoKeepAlive, Path: "/", Start: time.Now(), End: time.Now(), Status: 200})
	return load.NewRecord(all, 9)
}

func (p *process) drill(users fakeUsers, s drill.Settings) *report.Report {
	s = s.WithDefaults()
	s.URL = "http://127.0.0.1:8080"
	return p.do(func(d *Deployer, ctx context.Context) *report.Report {
		d.Load = users
		return d.Drill(ctx, s)
	})
}

// plainDrill is a drill in which nothing is lost.
func plainDrill(p *process) *report.Report {
	return p.drill(fakeUsers{status: 200}, drill.Settings{})
}

// ids are the ids of a colour's containers that run, and since when they do.
func (w *fakeEngine) ids(colour model.Colour) map[string]time.Time {
	ids := map[string]time.Time{}
	for _, b := range w.boxes {
		if b.Colour == colour && b.runs() {
			ids[b.ID] = b.began
		}
	}
	return ids
}

// kept is what the release that rollback goes back to is made of.
func (w *fakeEngine) kept() (all []string) {
	for _, k := range w.book().Releases[1].Kept {
		all = append(all, k.Service+" "+k.Digest)
	}
	return all
}

// A drill of green, which was made live a minute ago, to blue and back.
func TestDrill(t *testing.T) {
	story(t, "there and back", func(t *testing.T, w *fakeEngine) {
		w.deployed(model.KeepStopped)
		w.tags["shop/was-blue:latest"] = "sha256:newer-than-anyone-wants"
		before, kept := w.ids(model.Green), w.kept()
		var copied []string
		p := w.process()
		p.onLine = func(line string) {
			if line == "write blue" {
				for _, b := range w.boxes {
					if b.Colour == model.Blue {
						copied = append(copied, b.Digest)
					}
				}
			}
		}
		r := plainDrill(p)
		ends(t, r, model.OK, 0, model.Green)
		if want := []string{"sha256:new-was-green", "sha256:new-signal-green"}; !slices.Equal(copied, want) {
			t.Errorf("the copy runs %q, want %q", copied, want)
		}
		done(t, w, `
			lock shop
			journal starting
			remove shop-was-blue-1
			remove shop-signal-blue-1
			create was-blue
			create signal-blue
			start was-blue
			start signal-blue
			rehearse blue
			lock nginx-edge-0123456
			journal switching
			write blue
			reload
			journal baking
			unlock nginx-edge-0123456
			drain
			lock nginx-edge-0123456
			restore
			write green
			reload
			unlock nginx-edge-0123456
			drain
			remove shop-was-blue-1
			remove shop-signal-blue-1
			journal closed
			close
			unlock shop`)
		w.sameAs(t, before, kept)
		d := r.Drill
		if d == nil || d.Lost != 0 || d.Requests != 1 || len(d.Switches) != 2 || d.Switches[0].To != model.Blue || d.Switches[1].To != model.Green || !d.Switches[0].Drained || !d.Switches[1].Drained {
			t.Errorf("%+v", d)
		}
	})
}

// sameAs says that green runs with the same containers, without a pause, and that rollback goes back to the same release:
// it does so.
func (w *fakeEngine) sameAs(t *testing.T, before map[string]time.Time, kept []string) {
	t.Helper()
	if now := w.ids(model.Green); !maps.Equal(before, now) {
		t.Errorf("of green ran %v, and runs %v", before, now)
	}
	if now := w.kept(); !slices.Equal(now, kept) {
		t.Errorf("what rollback goes back to was %v, and is %v", kept, now)
	}
	time.Sleep(time.Second)
	r := w.process().rollback()
	if r.ExitCode != 0 || w.live() != model.Blue {
		t.Errorf("the rollback after it: %s: %s", r.Outcome, r.Message)
	}
	for _, b := range w.boxes {
		if b.Colour == model.Blue && !slices.Contains(kept, b.Service+" "+b.Digest) {
			t.Errorf("%s of the rollback runs %s, want %q", b.Name, b.Digest, kept)
		}
	}
}

func TestDrillWithMoreSwitches(t *testing.T) {
	story(t, "four", func(t *testing.T, w *fakeEngine) {
		w.deployed(model.KeepStopped)
		before, kept := w.ids(model.Green), w.kept()
		r := w.process().drill(fakeUsers{status: 200}, drill.Settings{Switches: 4})
		ends(t, r, model.OK, 0, model.Green)
		if n := len(slices.DeleteFunc(slices.Clone(w.lines), func(line string) bool { return line != "reload" })); n != 4 || len(r.Drill.Switches) != 4 {
			t.Errorf("%d reloads, %+v", n, r.Drill)
		}
		w.sameAs(t, before, kept)
	})
}

// What a drill lost decides how it ends, and what doctor had announced is marked.
func TestDrillThatLost(t *testing.T) {
	post := load.Request{Kind: load.KeepAlivePost, Path: "/", Reused: true, Err: "EOF", Loss: load.Closed}
	get := load.Request{Kind: load.NoKeepAlive, Path: "/", Err: "502 Bad Gateway", Status: 502, Loss: load.WrongAnswer}
	race := model.Finding{Code: "keepalive-race", Message: "idle connections are closed"}
	for _, test := range []struct {
		name            string
		lost            []load.Request
		announced       []model.Finding
		accept          bool
		outcome         model.Outcome
		losses, counted int
	}{
		{"nothing", nil, []model.Finding{race}, false, model.OK, 0, 0},
		{"a POST", []load.Request{post}, nil, false, model.Lost, 1, 0},
		{"a POST, announced", []load.Request{post}, []model.Finding{race}, false, model.Lost, 1, 1},
		{"a POST, announced and accepted", []load.Request{post}, []model.Finding{race}, true, model.OK, 1, 1},
		{"a POST, accepted if announced, and not", []load.Request{post}, nil, true, model.Lost, 1, 0},
		{"a GET too", []load.Request{post, get}, []model.Finding{race}, true, model.Lost, 2, 1},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			w.deployed(model.KeepStopped)
			w.nginx.examined = test.announced
			r := w.process().drill(fakeUsers{200, test.lost}, drill.Settings{AllowPost: true, AcceptAnnounced: test.accept})
			ends(t, r, test.outcome, test.outcome.ExitCode(), model.Green)
			if r.Drill.Lost != test.losses || r.Drill.Announced != test.counted {
				t.Errorf("%d lost, %d announced: %+v", r.Drill.Lost, r.Drill.Announced, r.Drill)
			}
			if got := w.book().Past[0]; got.Outcome != model.OK {
				t.Errorf("the journal says %+v", got)
			}
		})
	}
}

// What a drill would take away, or could not tell, is refused before anything is touched.
func TestDrillThatIsRefused(t *testing.T) {
	for _, test := range []struct {
		name    string
		set     func(*fakeEngine)
		users   fakeUsers
		reasons string
		says    string
		exit    int
	}{
		{"containers that were not kept", func(*fakeEngine) {}, fakeUsers{status: 200}, "would-lose-rollback", "docker rm shop-was-green-1", 3},
		{"what is held of them is gone", func(w *fakeEngine) { w.deployed(model.KeepStopped); clear(w.archive) }, fakeUsers{status: 200}, "would-lose-rollback", "only in its stopped containers", 3},
		{"they still run", func(w *fakeEngine) { w.deployed(model.KeepRunning) }, fakeUsers{status: 200}, "would-lose-rollback", "docker stop shop-was-blue-1", 3},
		{"strangers", func(w *fakeEngine) { w.deployed(model.KeepRemoved); w.strangers() }, fakeUsers{status: 200}, "would-lose-rollback", "is not of the release", 3},
		{"a service without a counterpart", func(w *fakeEngine) {
			w.deployed(model.KeepRemoved)
			m := w.app.Models[model.Blue]
			m.Services = m.Services[:1]
			w.app = w.app.With(m)
		}, fakeUsers{status: 200}, "cannot-copy", "signal-green", 3},
		{"another image than its neighbour", func(w *fakeEngine) {
			w.deployed(model.KeepRemoved)
			s, _ := w.app.Models[model.Green].Service("was-green")
			w.create(s, model.Green, "").Digest = "sha256:other"
		}, fakeUsers{status: 200}, "cannot-copy", "different images", 3},
		{"nothing answers", func(w *fakeEngine) { w.deployed(model.KeepRemoved) }, fakeUsers{status: 503}, "load-failed", "503", 3},
		{"nginx answers by itself", func(w *fakeEngine) { w.deployed(model.KeepRemoved) }, fakeUsers{status: 301}, "load-failed", "no colour gets a request", 3},
		{"nginx runs something else", func(w *fakeEngine) { w.deployed(model.KeepRemoved); w.nginx.disk = confOf(model.Blue) }, fakeUsers{status: 200}, "config-not-loaded", "", 3},
		{"nothing is live", func(w *fakeEngine) { w.wipe() }, fakeUsers{status: 200}, "", "no colour is live", 2},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			test.set(w)
			w.lines = nil
			r := w.process().drill(test.users, drill.Settings{})
			if r.ExitCode != test.exit || codes(r) != test.reasons || !strings.Contains(r.Message, test.says) {
				t.Errorf("exit %d, %q: %s", r.ExitCode, codes(r), r.Message)
			}
			for _, line := range w.lines {
				if line != "close" && !strings.HasSuffix(line, "lock shop") && line != "unlock nginx-edge-0123456" && line != "lock nginx-edge-0123456" {
					t.Errorf("it did %q", line)
				}
			}
		})
	}
}

// drills are the drills that are cut.
var drills = []way{
	{name: "a drill", does: plainDrill, set: func(w *fakeEngine, _ *Settings) { w.deployed(model.KeepStopped) }},
	{name: "four switches", does: func(p *process) *report.Report { return p.drill(fakeUsers{status: 200}, drill.Settings{Switches: 4}) }, set: func(w *fakeEngine, _ *Settings) { w.deployed(model.KeepStopped) }},
	{name: "without a release to roll back to", does: plainDrill, set: func(w *fakeEngine, _ *Settings) {
		w.boxes = slices.DeleteFunc(w.boxes, func(b *fakeContainer) bool { return b.Colour == model.Green })
	}},
	{name: "the copy is not healthy", does: plainDrill, exit: 3, set: func(w *fakeEngine, _ *Settings) {
		w.deployed(model.KeepStopped)
		w.lives["was-blue"] = exitsAfter(time.Second, 3)
	}},
	{name: "the switch is taken back", does: plainDrill, exit: 4, set: func(w *fakeEngine, _ *Settings) { w.deployed(model.KeepStopped); w.nginx.stray = true }},
	{name: "the drain outlasts its limit", does: plainDrill, exit: 5, set: func(w *fakeEngine, s *Settings) {
		w.deployed(model.KeepStopped)
		w.nginx.hold, s.DrainTimeout = time.Minute, 5*time.Second
	}},
}

// Whatever cuts a drill: afterwards, or after a settle, the colour that was live is live with the same containers, and
// rollback goes back to the same release.
func TestDrillIsCutAtEveryCall(t *testing.T) {
	for _, f := range []fault{
		{kind: killedBefore}, {kind: killedAfter}, {kind: signalBefore}, {kind: signalAfter}, {kind: signalInside},
		{kind: failsBefore, err: errors.New("disk full"), asks: true}, {kind: failsInAnswer, err: errors.New("disk full"), asks: true},
		{kind: failsInAnswer, err: &model.UnreachableError{What: "the engine", Err: errors.New("EOF")}, asks: true},
	} {
		for _, one := range drills {
			var before map[string]time.Time
			var kept []string
			live := model.Green
			watched := one
			watched.set = func(w *fakeEngine, s *Settings) {
				one.set(w, s)
				if live = w.live(); live == model.Green {
					kept = w.kept()
				}
				before = w.ids(live)
			}
			cutWays(t, []way{watched}, f, func(t *testing.T, w *fakeEngine, r *report.Report) {
				if r != nil && r.ExitCode != 5 && w.live() != live {
					t.Errorf("exit %d (%s): nginx serves %q", r.ExitCode, r.Message, w.live())
				}
				if r != nil && r.Live != model.None && r.Live != w.live() {
					t.Errorf("it says that %s is live, and nginx serves %q", r.Live, w.live())
				}
				w.settled(t)
				if now := w.ids(live); w.live() != live || !maps.Equal(before, now) {
					t.Errorf("%s ran %v; %q is live, and %v run", live, before, w.live(), now)
				}
				if live == model.Green {
					clear(w.lives)
					w.sameAs(t, before, kept)
				}
			})
		}
	}
}
