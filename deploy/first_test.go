package deploy

import (
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// The first deployment is the one before which no container of either colour runs.

const firstOfBlue = `
	lock shop
	journal pulling
	pull was-blue
	pull signal-blue
	journal starting
	create was-blue
	create signal-blue
	start was-blue
	start signal-blue`

func TestFirst(t *testing.T) {
	for _, test := range []struct {
		name     string
		state    model.RouterState
		set      func(*fakeEngine, *Settings)
		done     string
		outcome  model.Outcome
		exit     int
		to, live model.Colour
		findings string
	}{{
		name: "nginx runs and names blue", state: model.RouterRunning,
		done: firstOfBlue + `
			rehearse blue
			lock nginx-edge-0123456
			journal switching
			reload
			journal switched
			unlock nginx-edge-0123456
			journal closed
			close
			unlock shop`,
		outcome: model.Started, to: model.Blue, live: model.Blue,
	}, {
		name: "nginx stopped because its upstream did not resolve", state: model.RouterStopped,
		done: firstOfBlue + `
			rehearse blue
			lock nginx-edge-0123456
			journal switching
			start nginx
			journal switched
			unlock nginx-edge-0123456
			journal closed
			close
			unlock shop`,
		outcome: model.Started, to: model.Blue, live: model.Blue, findings: "nginx-stopped",
	}, {
		name: "nginx stopped, and green is wanted", state: model.RouterStopped,
		set: func(_ *fakeEngine, s *Settings) { s.To = model.Green },
		done: strings.ReplaceAll(firstOfBlue, "blue", "green") + `
			rehearse green
			lock nginx-edge-0123456
			journal switching
			write green
			start nginx
			journal switched
			unlock nginx-edge-0123456
			journal closed
			close
			unlock shop`,
		outcome: model.Started, to: model.Green, live: model.Green, findings: "nginx-stopped",
	}, {
		name: "nginx names green", state: model.RouterRunning,
		set: func(w *fakeEngine, _ *Settings) {
			w.nginx.disk, w.nginx.loaded, w.spared = confOf(model.Green), confOf(model.Green), model.Green
		},
		done: strings.ReplaceAll(firstOfBlue, "blue", "green") + `
			rehearse green
			lock nginx-edge-0123456
			journal switching
			reload
			journal switched
			unlock nginx-edge-0123456
			journal closed
			close
			unlock shop`,
		outcome: model.Started, to: model.Green, live: model.Green,
	}, {
		name: "nginx is absent", state: model.RouterAbsent,
		done:    firstOfBlue + "\n journal switched \n journal closed \n unlock shop",
		outcome: model.Started, to: model.Blue, live: model.None, findings: "nginx-absent",
	}, {
		name: "nginx does not come up", state: model.RouterStopped,
		set: func(w *fakeEngine, _ *Settings) { w.nginx.wontStart = true },
		done: firstOfBlue + `
			rehearse blue
			lock nginx-edge-0123456
			journal switching
			start nginx
			unlock nginx-edge-0123456
			remove shop-was-blue-1
			remove shop-signal-blue-1
			give back shop/was-blue:latest
			give back shop/signal-blue:latest
			journal closed
			close
			unlock shop`,
		outcome: model.Refused, exit: 3, to: model.Blue, live: model.None, findings: "nginx-stopped",
	}, {
		name: "the release is bad", state: model.RouterRunning,
		set: func(w *fakeEngine, _ *Settings) { w.lives["signal-blue"] = exitsAfter(time.Second, 1) },
		done: firstOfBlue + `
			rehearse blue
			remove shop-was-blue-1
			remove shop-signal-blue-1
			give back shop/was-blue:latest
			give back shop/signal-blue:latest
			journal closed
			close
			unlock shop`,
		outcome: model.Refused, exit: 3, to: model.Blue, live: model.None,
	}} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			w.wipe()
			w.spared = model.Blue
			w.nginx.state = test.state
			p := w.process()
			if test.set != nil {
				test.set(w, &p.settings)
			}
			r := p.deploy()
			ends(t, r, test.outcome, test.exit, test.live)
			done(t, w, test.done)
			if r.To != test.to || r.From != model.None || findings(r) != test.findings {
				t.Errorf("from %q to %q, findings %q; want to %s, findings %q", r.From, r.To, findings(r), test.to, test.findings)
			}
		})
	}
}

// TestWithoutNginx: if anything of the application runs, an nginx that is not there is no first deployment.
func TestWithoutNginx(t *testing.T) {
	for _, state := range []model.RouterState{model.RouterAbsent, model.RouterStopped} {
		story(t, string(state), func(t *testing.T, w *fakeEngine) {
			w.nginx.state = state
			r := w.process().deploy()
			ends(t, r, model.Unreachable, 7, model.None)
			done(t, w, "lock shop \n unlock shop")
		})
	}
}
