package deploy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// The whole way of a deployment. What is done, in its order, is the test: a line for every call that changes anything,
// on the engine, at nginx or in the journal.

// begun is how every deployment of green begins that comes as far as its containers.
const begun = `
	lock shop
	journal pulling
	pull was-green
	pull signal-green
	journal starting
	remove shop-was-green-1
	remove shop-signal-green-1
	create was-green
	create signal-green
	start was-green
	start signal-green`

// near is how it continues until nginx's part is looked at the last time, and passed until nginx is written to.
const (
	near = begun + `
	rehearse green
	lock nginx-edge-0123456`
	passed = near + "\n journal switching"
)

// abandoned is how a release goes of which users never noticed anything.
const abandoned = `
	remove shop-was-green-1
	remove shop-signal-green-1
	give back shop/was-green:latest
	give back shop/signal-green:latest
	journal closed`

func textLines(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// done compares what was done with a text of one line per call.
func done(t *testing.T, w *fakeEngine, want string) {
	t.Helper()
	if lines := textLines(want); !slices.Equal(w.lines, lines) {
		t.Errorf("what was done:\n%s\n\nwant:\n%s", strings.Join(w.lines, "\n"), strings.Join(lines, "\n"))
	}
}

// codes are the reasons of a report: code, service, container.
func codes(r *report.Report) string {
	var all []string
	for _, reason := range r.Reasons {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", reason.Code, reason.Service, reason.Container)))
	}
	return strings.Join(all, "; ")
}

// findings are the codes of a report's findings.
func findings(r *report.Report) string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.Code)
	}
	return strings.Join(all, " ")
}

// ends compares how a command ended.
func ends(t *testing.T, r *report.Report, outcome model.Outcome, exit int, live model.Colour) {
	t.Helper()
	if r.Outcome != outcome || r.ExitCode != exit || r.Live != live {
		t.Errorf("%s, exit %d, live %q: %s; want %s, exit %d, live %q", r.Outcome, r.ExitCode, r.Live, r.Message, outcome, exit, live)
	}
}

func TestDeploy(t *testing.T) {
	for _, test := range []struct {
		name    string
		set     func(*fakeEngine, *Settings)
		done    string
		outcome model.Outcome
		exit    int
		live    model.Colour
		reasons string
		says    string // in the message
	}{{
		name: "the idle colour",
		done: passed + `
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
			unlock shop`,
		outcome: model.Promoted, live: model.Green,
	}, {
		name: "the old colour goes",
		set:  func(_ *fakeEngine, s *Settings) { s.Keep = model.KeepRemoved },
		done: passed + `
			write green
			reload
			journal switched
			unlock nginx-edge-0123456
			keep blue
			drain
			retire shop-was-blue-1
			retire shop-signal-blue-1
			remove shop-was-blue-1
			remove shop-signal-blue-1
			journal closed
			close
			unlock shop`,
		outcome: model.Promoted, live: model.Green,
	}, {
		name: "the old colour goes on running",
		set:  func(_ *fakeEngine, s *Settings) { s.Keep = model.KeepRunning },
		done: passed + `
			write green
			reload
			journal switched
			unlock nginx-edge-0123456
			keep blue
			journal closed
			close
			unlock shop`,
		outcome: model.Promoted, live: model.Green,
	}, {
		name: "one replica of three is bad",
		set: func(w *fakeEngine, _ *Settings) {
			w.app.Models[model.Green].Services[0].Replicas = 3
			w.lives["shop-was-green-2"] = unhealthyAfter(3*time.Second, "connection refused")
		},
		done: `
			lock shop
			journal pulling
			pull was-green
			pull signal-green
			journal starting
			remove shop-was-green-1
			remove shop-signal-green-1
			create was-green
			create was-green
			create was-green
			create signal-green
			start was-green
			start was-green
			start was-green
			start signal-green
			rehearse green
			remove shop-was-green-1
			remove shop-was-green-2
			remove shop-was-green-3
			remove shop-signal-green-1
			give back shop/was-green:latest
			give back shop/signal-green:latest
			journal closed
			close
			unlock shop`,
		outcome: model.Refused, exit: 3, live: model.Blue, reasons: "unhealthy was-green shop-was-green-2",
	}, {
		name: "a container exits, before nginx is asked",
		set: func(w *fakeEngine, _ *Settings) {
			w.lives["was-green"], w.upTakes = exitsAfter(time.Second, 3), 10*time.Second
		},
		done:    begun + abandoned + "\n unlock shop",
		outcome: model.Refused, exit: 3, live: model.Blue, reasons: "exited was-green shop-was-green-1",
	}, {
		name:    "nginx rejects the coming configuration, before the gate has decided",
		set:     func(w *fakeEngine, _ *Settings) { w.nginx.rejects = `unexpected "}" in default.conf:3` },
		done:    begun + "\n rehearse green" + abandoned + "\n close \n unlock shop",
		outcome: model.Refused, exit: 3, live: model.Blue, reasons: "nginx-test-failed", says: `unexpected "}"`,
	}, {
		name:    "the app listens on its loopback address only",
		set:     func(w *fakeEngine, _ *Settings) { w.nginx.deadPort = true },
		done:    near + "\n unlock nginx-edge-0123456" + abandoned + "\n close \n unlock shop",
		outcome: model.Refused, exit: 3, live: model.Blue, reasons: "not-reachable was-green shop-was-green-1",
	}, {
		name: "the reload is not applied",
		set:  func(w *fakeEngine, _ *Settings) { w.nginx.deaf = true },
		done: passed + `
			write green
			reload
			write blue
			unlock nginx-edge-0123456` + abandoned + "\n close \n unlock shop",
		outcome: model.Refused, exit: 3, live: model.Blue, reasons: "nginx-not-switched",
	}, {
		name: "new workers had taken it",
		set:  func(w *fakeEngine, _ *Settings) { w.nginx.stray = true },
		done: passed + `
			write green
			reload
			write blue
			reload
			unlock nginx-edge-0123456
			drain` + abandoned + "\n close \n unlock shop",
		outcome: model.RolledBack, exit: 4, live: model.Blue, reasons: "not-reachable", says: "stranger",
	}, {
		name: "new workers had taken it, and do not end",
		set: func(w *fakeEngine, s *Settings) {
			w.nginx.stray, w.nginx.hold, s.DrainTimeout = true, time.Hour, time.Second
		},
		done: passed + `
			write green
			reload
			write blue
			reload
			unlock nginx-edge-0123456
			drain
			close
			unlock shop`,
		outcome: model.NeedsPerson, exit: 5, live: model.Blue, reasons: "not-reachable", says: "workers that serve the new colour have not ended",
	}, {
		name: "the old configuration cannot be brought back",
		set:  func(w *fakeEngine, _ *Settings) { w.nginx.stray, w.nginx.stuck = true, true },
		done: passed + `
			write green
			reload
			unlock nginx-edge-0123456
			close
			unlock shop`,
		outcome: model.NeedsPerson, exit: 5, live: model.None, reasons: "not-reachable", says: "no space left on device",
	}, {
		name:    "the registry does not know the image",
		set:     func(w *fakeEngine, _ *Settings) { w.pullFails = errors.New("manifest unknown\x1b[31m\n::error::x") },
		done:    "lock shop \n journal pulling \n pull was-green \n journal closed \n unlock shop",
		outcome: model.Refused, exit: 3, live: model.Blue, reasons: "pull-failed was-green, signal-green", says: "manifest unknown",
	}, {
		name: "a container cannot be created",
		set: func(w *fakeEngine, _ *Settings) {
			w.createFails = errors.New("Bind for 0.0.0.0:8082 failed: port is already allocated")
		},
		done: `
			lock shop
			journal pulling
			pull was-green
			pull signal-green
			journal starting
			remove shop-was-green-1
			remove shop-signal-green-1
			create was-green
			remove shop-was-green-1
			give back shop/was-green:latest
			give back shop/signal-green:latest
			journal closed
			unlock shop`,
		outcome: model.Refused, exit: 3, live: model.Blue, reasons: "create-failed", says: "port is already allocated",
	}, {
		name: "Up fails because a container did: the gate knows why",
		set: func(w *fakeEngine, _ *Settings) {
			w.lives["was-green"] = exitsAfter(950*time.Millisecond, 137)
			w.upTakes, w.upFails = 960*time.Millisecond, errors.New("dependency failed to start: container shop-was-green-1 exited (137)")
		},
		done:    begun + abandoned + "\n unlock shop",
		outcome: model.Refused, exit: 3, live: model.Blue, reasons: "exited was-green shop-was-green-1",
	}, {
		name: "Up fails, and no container tells why",
		set:  func(w *fakeEngine, _ *Settings) { w.upFails = errors.New("network shop_default not found") },
		done: begun + abandoned + "\n unlock shop",

		outcome: model.Refused, exit: 3, live: model.Blue, reasons: "create-failed", says: "network shop_default not found",
	}, {
		name: "the drain outlasts its limit",
		set:  func(w *fakeEngine, s *Settings) { w.nginx.hold, s.DrainTimeout = time.Hour, time.Minute },
		done: passed + `
			write green
			reload
			journal switched
			unlock nginx-edge-0123456
			keep blue
			drain
			close
			unlock shop`,
		outcome: model.NeedsPerson, exit: 5, live: model.Green, says: "green is live, but after 1m0s requests on the old colour have not ended (container \"edge\"; 1 old worker), so blue keeps running",
	}, {
		name: "a person points nginx back while it drains",
		set:  func(w *fakeEngine, _ *Settings) { w.nginx.editedInDrain = confOf(model.Blue) },
		done: passed + `
			write green
			reload
			journal switched
			unlock nginx-edge-0123456
			keep blue
			drain
			close
			unlock shop`,
		outcome: model.NeedsPerson, exit: 5, live: model.Blue, says: "names blue again",
	}, {
		name: "a person writes something else while it drains",
		set:  func(w *fakeEngine, _ *Settings) { w.nginx.editedInDrain = confOf(model.Blue) + confOf(model.Green) },
		done: passed + `
			write green
			reload
			journal switched
			unlock nginx-edge-0123456
			keep blue
			drain
			close
			unlock shop`,
		outcome: model.NeedsPerson, exit: 5, live: model.None, reasons: "switch-point-ambiguous", says: "names both colours",
	}} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			if test.set != nil {
				test.set(w, &p.settings)
			}
			r := p.deploy()
			ends(t, r, test.outcome, test.exit, test.live)
			done(t, w, test.done)
			if got := codes(r); got != test.reasons {
				t.Errorf("reasons %q, want %q", got, test.reasons)
			}
			if !strings.Contains(r.Message, test.says) {
				t.Errorf("the message %q does not say %q", r.Message, test.says)
			}
			if open := w.book().Current; (open != nil) != (test.exit == 5) {
				t.Errorf("exit %d, and the journal has %+v", r.ExitCode, open)
			}
		})
	}
}

// TestLiveColourThatFails: what is live and crashes in a loop, or was paused, is not idle at any moment.
func TestLiveColourThatFails(t *testing.T) {
	for _, state := range []gate.State{gate.StateRestarting, gate.StatePaused} {
		story(t, string(state), func(t *testing.T, w *fakeEngine) {
			for _, b := range w.boxes {
				if b.Colour == model.Blue {
					b.life = life{{0, func(s *gate.Sample) { s.State, s.Health = state, gate.HealthUnhealthy }}}
				}
			}
			w.lives["was-green"] = exitsAfter(time.Second, 1)
			p := w.process()
			r := p.deploy()
			ends(t, r, model.Refused, 3, model.Blue)
			if slices.Contains(w.lines, "remove shop-was-blue-1") {
				t.Error("the live colour was removed")
			}

			clear(w.lives)
			ends(t, w.process().deploy(), model.Promoted, 0, model.Green)
		})
	}
}
