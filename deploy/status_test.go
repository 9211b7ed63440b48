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

// The commands that only look change nothing, take no lock and settle nothing.

var looks = map[string]func(*Deployer, context.Context) *report.Report{
	"status": (*Deployer).Status, "health": (*Deployer).Health, "dry run": (*Deployer).DryRun, "doctor": (*Deployer).Doctor,
}

// looking runs every such command on the same engine and compares findings.
func looking(t *testing.T, name string, set func(*fakeEngine), want map[string]string) {
	t.Helper()
	for command, do := range looks {
		story(t, name+"/"+command, func(t *testing.T, w *fakeEngine) {
			if set != nil {
				set(w)
			}
			journal := string(w.journal)
			w.lines = nil
			r := w.process().do(do)
			done(t, w, "")
			if string(w.journal) != journal {
				t.Error("the journal was written")
			}
			if got := findings(r); got != want[command] {
				t.Errorf("findings %q, want %q", got, want[command])
			}
			if r.ExitCode != 0 {
				t.Errorf("%s, exit %d: %s", r.Outcome, r.ExitCode, r.Message)
			}
		})
	}
}

func all(code string) map[string]string {
	return map[string]string{"status": code, "health": code, "doctor": code, "dry run": strings.TrimSpace(code + " gate")}
}

func TestLooksChangeNothing(t *testing.T) {
	looking(t, "at rest", nil, all(""))
	looking(t, "a deployment is under way", func(w *fakeEngine) { w.hold("shop", time.Hour) }, all("locked"))
	settles := all("left-behind")
	settles["dry run"], settles["doctor"] = "left-behind would-settle gate", "left-behind would-settle"
	looking(t, "a run was killed in its gate", func(w *fakeEngine) { w.killed(fault{kind: killedAfter, on: "start was-green"}) }, settles)
	looking(t, "a run was killed after its switch", func(w *fakeEngine) {
		w.killed(fault{kind: killedAfter, on: "journal switched"})
		time.Sleep(time.Minute)
	}, settles)
	looking(t, "the journal is of another version", func(w *fakeEngine) {
		w.journalFails = &model.ManualActionError{Err: errors.New("it has version 2"), Run: "look at it"}
	}, all("journal-unusable"))
	looking(t, "old workers still answer", func(w *fakeEngine) { w.nginx.leaving = []worker{{confOf(model.Blue), time.Now().Add(time.Hour)}} },
		map[string]string{"status": "draining", "dry run": "gate"})
}

func TestStatus(t *testing.T) {
	for _, test := range []struct {
		name     string
		set      func(*fakeEngine)
		live     model.Colour
		by       string
		findings string
		state    report.State
		exit     int
	}{
		{"blue is live", nil, model.Blue, "was-blue:8080 at " + confFile + ":1", "", report.StateLive, 0},
		{"green is live", func(w *fakeEngine) { w.process().deploy() }, model.Green, "was-green:8080", "", report.StateLive, 0},
		{"nginx is absent", func(w *fakeEngine) { w.nginx.state = model.RouterAbsent }, model.None, "no nginx was found", "nginx-absent", report.StateUnknown, 7},
		{"nginx stopped", func(w *fakeEngine) { w.nginx.state = model.RouterStopped }, model.None, "nginx does not run", "nginx-stopped", report.StateDown, 7},
		{"nothing runs", func(w *fakeEngine) { w.stopAll() }, model.None, "of which no container runs", "", report.StateDown, 3},
		{"nothing runs, and nginx is absent", func(w *fakeEngine) { w.stopAll(); w.nginx.state = model.RouterAbsent }, model.None, "no nginx was found", "nginx-absent", report.StateDown, 7},
		{"nginx serves what has ended, while the other colour runs", func(w *fakeEngine) {
			w.process().deploy()
			for _, b := range w.boxes {
				b.began, b.stopped = time.Now(), time.Time{}
				if b.Colour == model.Green {
					b.stopped = time.Now()
				}
			}
		}, model.None, "names green, of which no container runs", "", report.StateDown, 3},
		{"both colours are named", func(w *fakeEngine) { w.nginx.disk += confOf(model.Green); w.nginx.loaded = w.nginx.disk }, model.None, "cannot be told", "switch-point-ambiguous", report.StateUnknown, 5},
		{"neither is named", func(w *fakeEngine) { w.nginx.disk, w.nginx.loaded = "x", "x" }, model.None, "names neither", "", report.StateUnknown, 5},
		{"what runs is not what is on disk", func(w *fakeEngine) { w.nginx.disk = confOf(model.Green); w.boxes[2].stopped = time.Time{} }, model.None, "not what it runs", "config-not-loaded", report.StateUnknown, 5},
		{"killed between writing and the signal", func(w *fakeEngine) { w.killed(fault{kind: killedAfter, on: "write green"}) }, model.Blue, "still runs what it had loaded before release", "left-behind config-not-loaded", report.StateLive, 0},
		{"old workers still answer", func(w *fakeEngine) { w.nginx.leaving = []worker{{confOf(model.Blue), time.Now().Add(time.Hour)}} }, model.Blue, "", "draining", report.StateLive, 0},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			if test.set != nil {
				test.set(w)
			}
			r := w.process().do((*Deployer).Status)
			if r.State != test.state || r.ExitCode != test.exit || r.Live != test.live {
				t.Errorf("state %s, exit %d, live %q: %s; want %s, %d, %q", r.State, r.ExitCode, r.Live, r.Message, test.state, test.exit, test.live)
			}
			if test.exit != 0 && (!strings.HasPrefix(r.Message, string(test.state)) || !strings.Contains(r.Message, r.LiveBy) || r.Run == "") {
				t.Errorf("it says %q, and to run %q", r.Message, r.Run)
			}
			if strings.HasPrefix(test.name, "nginx stopped") != (r.Run == "docker start edge") {
				t.Errorf("to run: %q", r.Run)
			}
			if !strings.Contains(r.LiveBy, test.by) {
				t.Errorf("known by %q, which does not say %q", r.LiveBy, test.by)
			}
			if got := findings(r); got != test.findings {
				t.Errorf("findings %q, want %q", got, test.findings)
			}
			if len(r.Containers) != 4 {
				t.Errorf("%d containers", len(r.Containers))
			}
		})
	}
	story(t, "nothing was ever deployed", func(t *testing.T, w *fakeEngine) {
		w.wipe()
		r := w.process().do((*Deployer).Status)
		ends(t, r, model.OK, 0, model.None)
		if r.State != report.StateNothing || r.LastProven != nil {
			t.Errorf("state %q, last proven %+v", r.State, r.LastProven)
		}
	})
	story(t, "last proven", func(t *testing.T, w *fakeEngine) {
		release := w.process().deploy().Release
		w.nginx.state = model.RouterStopped
		r := w.process().do((*Deployer).Status)
		if p := r.LastProven; p == nil || p.Colour != model.Green || p.Release != release || p.At == nil || !strings.Contains(r.Message, "last proven: green, release "+release) {
			t.Errorf("last proven %+v: %s", p, r.Message)
		}
		w.remove(model.Blue)
		w.remove(model.Green)
		if r := w.process().do((*Deployer).Status); r.State != report.StateDown || r.ExitCode != 7 {
			t.Errorf("with all containers removed: %s, exit %d", r.State, r.ExitCode)
		}
	})
}

func TestHealth(t *testing.T) {
	first := func(w *fakeEngine) *fakeContainer { return w.boxes[0] }
	for _, test := range []struct {
		name    string
		of      model.Colour
		set     func(*fakeEngine)
		exit    int
		reasons string
	}{
		{"the live colour", model.None, nil, 0, ""},
		{"the idle one, which was retired", model.Green, nil, 3, "exited was-green shop-was-green-1; exited signal-green shop-signal-green-1"},
		{"no colour is live", model.None, func(w *fakeEngine) { w.nginx.state = model.RouterAbsent }, 3, "missing"},
		{"a colour that is not live", model.Blue, func(w *fakeEngine) { w.nginx.state = model.RouterAbsent }, 0, ""},
		{"unhealthy", model.None, func(w *fakeEngine) { first(w).life = unhealthyAfter(0, "connection refused") }, 3, "unhealthy was-blue shop-was-blue-1"},
		{"starting", model.None, func(w *fakeEngine) { first(w).life = nil }, 3, "unhealthy was-blue shop-was-blue-1"},
		{"paused", model.None, func(w *fakeEngine) { first(w).life = life{{0, func(s *gate.Sample) { s.State = gate.StatePaused }}} }, 3, "paused was-blue shop-was-blue-1"},
		{"restarting", model.None, func(w *fakeEngine) {
			first(w).life = life{{0, func(s *gate.Sample) { s.State = gate.StateRestarting }}}
		}, 3, "restarting was-blue shop-was-blue-1"},
		{"exited", model.None, func(w *fakeEngine) { first(w).life = exitsAfter(0, 137) }, 3, "exited was-blue shop-was-blue-1"},
		{"a restart of last week", model.None, func(w *fakeEngine) {
			first(w).life = append(healthyAfter(0), moment{0, func(s *gate.Sample) { s.RestartCount = 1 }})
		}, 0, ""},
		{"no healthcheck", model.None, func(w *fakeEngine) { first(w).life = life{{0, func(s *gate.Sample) { s.Health = "none" }}} }, 0, ""},
		{"one is missing", model.None, func(w *fakeEngine) { w.boxes = w.boxes[1:] }, 3, "missing was-blue"},
		{"one of two is missing", model.None, func(w *fakeEngine) { w.app.Models[model.Blue].Services[0].Replicas = 2 }, 3, "missing was-blue"},
		{"a one-shot that did its work", model.None, func(w *fakeEngine) {
			w.app.Models[model.Blue].Services[0].OneShot = true
			first(w).life = exitsAfter(0, 0)
		}, 0, ""},
		{"a one-shot that failed", model.None, func(w *fakeEngine) {
			w.app.Models[model.Blue].Services[0].OneShot = true
			first(w).life = exitsAfter(0, 1)
		}, 3, "exited was-blue shop-was-blue-1"},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			if test.set != nil {
				test.set(w)
			}
			p := w.process()
			p.settings.To = test.of
			r := p.do((*Deployer).Health)
			if r.ExitCode != test.exit || codes(r) != test.reasons {
				t.Errorf("%s, exit %d, reasons %q: %s; want exit %d, %q", r.Outcome, r.ExitCode, codes(r), r.Message, test.exit, test.reasons)
			}
			for _, reason := range r.Reasons {
				if reason.Container != "" && !slices.Equal(reason.LogTail, []string{"last words of " + reason.Container}) {
					t.Errorf("the log of %s is %q", reason.Container, reason.LogTail)
				}
			}
			done(t, w, "")
		})
	}
}

func TestDryRun(t *testing.T) {
	story(t, "what would happen", func(t *testing.T, w *fakeEngine) {
		r := w.process().do((*Deployer).DryRun)
		ends(t, r, model.Planned, 0, model.Blue)
		p := r.Plan
		want := [][2]any{
			{p.Pull, []string{"shop/was-green:latest", "shop/signal-green:latest"}},
			{p.Create, []string{"1 × was-green", "1 × signal-green"}},
			{p.Replace, []string{"shop-was-green-1", "shop-signal-green-1"}},
			{p.Stop, []string{"shop-was-blue-1", "shop-signal-blue-1"}},
		}
		for i, pair := range want {
			if !slices.Equal(pair[0].([]string), pair[1].([]string)) {
				t.Errorf("%d: %q, want %q", i, pair[0], pair[1])
			}
		}
		// 1 s timeout, 3 × (1 s + 1 s), 10 s for the engine, and 1 s for each container's start.
		if p.BudgetMS != 19_000 || len(p.Services) != 2 || p.Services[0].Healthcheck != "interval 1s, timeout 1s, retries 3, start_period 0s" {
			t.Errorf("decided after %d ms: %+v", p.BudgetMS, p.Services)
		}
		if len(p.Points) != 2 || !strings.Contains(p.Diff, "was-green") || !r.DryRun || r.From != model.Blue || r.To != model.Green {
			t.Errorf("%+v", r)
		}
	})
	story(t, "the first deployment, without nginx", func(t *testing.T, w *fakeEngine) {
		w.wipe()
		w.nginx.state = model.RouterAbsent
		r := w.process().do((*Deployer).DryRun)
		ends(t, r, model.Planned, 0, model.None)
		if findings(r) != "nginx-absent gate" || r.To != model.Blue || len(r.Plan.Replace)+len(r.Plan.Stop)+len(r.Plan.Points) > 0 {
			t.Errorf("to %q, findings %q, %+v", r.To, findings(r), r.Plan)
		}
	})
	for timeout, want := range map[time.Duration]int64{10 * time.Second: 10_000, time.Hour: 19_000} {
		story(t, "timeout "+timeout.String(), func(t *testing.T, w *fakeEngine) {
			p := w.process()
			p.settings.Timeout = timeout
			if got := p.do((*Deployer).DryRun).Plan.BudgetMS; got != want {
				t.Errorf("decided after %d ms, want %d", got, want)
			}
		})
	}
	for _, test := range []struct {
		name    string
		set     func(*fakeEngine, *Settings)
		exit    int
		reasons string
	}{
		{"the colour is live", func(_ *fakeEngine, s *Settings) { s.To = model.Blue }, 2, ""},
		{"what runs is not what is on disk", func(w *fakeEngine, _ *Settings) { w.nginx.disk = confOf(model.Green) }, 3, "config-not-loaded"},
		{"nothing names a colour", func(w *fakeEngine, _ *Settings) { w.nginx.disk, w.nginx.loaded = "", "" }, 3, "live-unknown"},
		{"both are named", func(w *fakeEngine, _ *Settings) { w.nginx.disk += confOf(model.Green); w.nginx.loaded = w.nginx.disk }, 3, "switch-point-ambiguous"},
		{"an image cannot come", func(w *fakeEngine, s *Settings) { delete(w.tags, "shop/was-green:latest"); s.NoPull = true }, 3, "pull-failed"},
		{"no healthcheck", func(w *fakeEngine, _ *Settings) { w.app.Models[model.Green].Services[1].Probe = nil }, 3, "no-healthcheck signal-green"},
		{"it still drains", func(w *fakeEngine, _ *Settings) {
			w.nginx.leaving = []worker{{confOf(model.Green), time.Now().Add(time.Hour)}}
			w.boxes[2].stopped = time.Time{}
		}, 3, "still-draining"},
		{"nginx is absent", func(w *fakeEngine, _ *Settings) { w.nginx.state = model.RouterAbsent }, 7, ""},
		{"the engine does not answer", func(w *fakeEngine, _ *Settings) { w.silent = [2]time.Time{time.Now(), time.Now().Add(time.Hour)} }, 7, ""},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			test.set(w, &p.settings)
			r := p.do((*Deployer).DryRun)
			if r.ExitCode != test.exit || codes(r) != test.reasons || !r.DryRun {
				t.Errorf("%s, exit %d, reasons %q: %s; want exit %d, %q", r.Outcome, r.ExitCode, codes(r), r.Message, test.exit, test.reasons)
			}
			if r.Plan != nil {
				t.Errorf("a plan below a refusal: %+v", r.Plan)
			}
			done(t, w, "")

			// A deployment is refused alike, before anything is touched.
			q := w.process()
			q.settings = p.settings
			if r := q.deploy(); r.ExitCode != test.exit || codes(r) != test.reasons {
				t.Errorf("the deployment: %s, exit %d, reasons %q: %s", r.Outcome, r.ExitCode, codes(r), r.Message)
			}
			if w.isSilent() {
				return
			}
			want := "lock shop \n unlock shop"
			if test.reasons == "config-not-loaded" { // it may be what another project's switch has just written
				want = "lock shop \n lock nginx-edge-0123456 \n unlock nginx-edge-0123456 \n unlock shop"
			}
			done(t, w, want)
		})
	}
}

// TestLooksTellWhatFailed: whichever answer is missing, nothing is said of what could not be asked.
func TestLooksTellWhatFailed(t *testing.T) {
	for command, do := range looks {
		for at, more := 1, true; more; at++ {
			story(t, sprintf("%s/%d", command, at), func(t *testing.T, w *fakeEngine) {
				p := w.process()
				p.fault = fault{kind: failsBefore, at: at, asks: true, err: &model.UnreachableError{What: "the engine", Err: errors.New("EOF")}}
				r := p.do(do)
				if more = p.calls >= at; more {
					ends(t, r, model.Unreachable, 7, r.Live)
				}
			})
		}
	}
}
