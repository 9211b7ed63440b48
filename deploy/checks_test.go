package deploy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
)

// asksHTTP is a check of a colour's was, as a configuration gives it to both colours.
func asksHTTP(t *testing.T, s *Settings, change func(*check.Check)) {
	t.Helper()
	s.Checks = map[model.Colour][]check.Check{}
	for _, colour := range model.Colours {
		c := check.Check{Request: check.Request{Kind: check.HTTP, Target: "http://was-" + string(colour) + ":8080/health"}}
		if change != nil {
			change(&c)
		}
		c, err := c.Complete()
		if err != nil {
			t.Fatal(err)
		}
		s.Checks[colour] = append(s.Checks[colour], c)
	}
}

// TestChecks: health passes, and what a check asks decides.
func TestChecks(t *testing.T) {
	story(t, "passes", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		asksHTTP(t, &p.settings, func(c *check.Check) { c.Passes = 3 })
		r := p.deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		c := r.Checks[0]
		if len(r.Checks) != 1 || c.Asked != 3 || c.Passed != 3 || c.From != check.Nginx || c.During != "checks" || c.Colour != model.Green || *c.MS != (check.Summary{Min: 3, Median: 3, P95: 3, Max: 3}) {
			t.Errorf("%+v", r.Checks)
		}
		at := p.asked[0].At
		if !at.Before(r.Switch.At) || p.asked[1].At.Sub(at) != time.Second {
			t.Errorf("asked at %s, switched at %s", p.asked, r.Switch.At)
		}
	})
	for name, test := range map[string]struct {
		answer check.Result
		says   string
	}{
		"500":        {check.Result{Status: 500, Body: []byte("cannot reach\x1b[31m the database")}, "status 500, wanted 200-299"},
		"wrong body": {check.Result{Status: 200, Body: []byte("maintenance")}, `does not contain "ok"`},
		"no answer":  {check.Result{Error: "connection refused"}, "connection refused"},
	} {
		story(t, name, func(t *testing.T, w *fakeEngine) {
			w.answers = func(check.Request) check.Result { return test.answer }
			p := w.process()
			asksHTTP(t, &p.settings, func(c *check.Check) { c.Contains = "ok" })
			r := p.deploy()
			ends(t, r, model.Refused, 3, model.Blue)
			done(t, w, begun+"\n rehearse green"+abandoned+"\n close \n unlock shop")
			why := r.Reasons[0]
			if codes(r) != "check-failed was-green shop-was-green-1" || !strings.Contains(why.Message, test.says) || !strings.Contains(why.Message, "http://was-green:8080/health") {
				t.Errorf("%s: %s", codes(r), why.Message)
			}
			if len(why.LogTail) == 0 || strings.Contains(why.LastProbe, "\x1b") || (why.LastProbe == "") != (test.answer.Body == nil) {
				t.Errorf("evidence: %+v", why)
			}
			if c := r.Checks[0]; c.Status != "failed" || c.Asked != 3 || c.Passed != 0 {
				t.Errorf("%+v", c)
			}
		})
	}
	story(t, "a service without healthcheck", func(t *testing.T, w *fakeEngine) {
		for _, colour := range model.Colours {
			for i := range w.app.Models[colour].Services {
				w.app.Models[colour].Services[i].Probe = nil
			}
		}
		w.lives["was-green"], w.lives["signal-green"] = unprobed, unprobed
		p := w.process()
		asksHTTP(t, &p.settings, nil)
		ends(t, p.deploy(), model.Promoted, 0, model.Green)
	})
	story(t, "recovers", func(t *testing.T, w *fakeEngine) {
		asked := 0
		w.answers = func(check.Request) check.Result {
			if asked++; asked < 3 {
				return check.Result{Error: "connection refused"}
			}
			return check.Result{Status: 200}
		}
		p := w.process()
		asksHTTP(t, &p.settings, nil)
		ends(t, p.deploy(), model.Promoted, 0, model.Green)
	})
	story(t, "from each container of a service", func(t *testing.T, w *fakeEngine) {
		w.app.Models[model.Green].Services[0].Replicas = 2
		p := w.process()
		asksHTTP(t, &p.settings, func(c *check.Check) { c.From, c.Service = check.Container, "was-green" })
		r := p.deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		var from []string
		for _, a := range p.asked {
			from = append(from, a.Container)
		}
		slices.Sort(from)
		if got := strings.Join(from, " "); got != "shop-was-green-1 shop-was-green-2" || len(r.Checks) != 2 {
			t.Errorf("asked from %s: %+v", got, r.Checks)
		}
	})
}

// TestChecksThatCannotBeAsked are refused before anything is touched.
func TestChecksThatCannotBeAsked(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*check.Check)
		says   string
	}{
		"loopback of a remote engine": {func(c *check.Check) { c.Target = "http://127.0.0.1:8080/" }, "say which loopback is meant"},
		"no such service":             {func(c *check.Check) { c.From, c.Service = check.Container, "web" }, `no service "web"`},
	} {
		story(t, name, func(t *testing.T, w *fakeEngine) {
			p := w.process()
			p.remote = true
			asksHTTP(t, &p.settings, test.change)
			r := p.deploy()
			ends(t, r, model.Malformed, 2, model.Blue)
			done(t, w, "lock shop \n unlock shop")
			if !strings.Contains(r.Message, test.says) {
				t.Errorf("%q does not say %q", r.Message, test.says)
			}
		})
	}
}

// TestChecksInTheBake: what a check says decides there too, also one that comes through nginx.
func TestChecksInTheBake(t *testing.T) {
	through := func(p *process) {
		c, _ := check.Check{From: check.Client, Request: check.Request{Kind: check.HTTP, Target: "http://shop.test/"}}.Complete()
		p.settings.Bake = plan.Bake{For: 20 * time.Second, Checks: map[model.Colour][]check.Check{model.Green: {c}}}
	}
	story(t, "fails", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		through(p)
		p.after("journal baking", 6*time.Second, func() {
			w.answers = func(check.Request) check.Result { return check.Result{Status: 502} }
		})
		r := p.deploy()
		ends(t, r, model.RolledBack, 4, model.Blue)
		done(t, w, baked+pointedBack+"\n drain"+abandoned+"\n close \n unlock shop")
		if codes(r) != "check-failed" || len(r.Checks) != 1 || r.Checks[0].Status != "failed" || r.Checks[0].Passed < 3 {
			t.Errorf("%s: %+v", codes(r), r.Checks)
		}
	})
	story(t, "fails while nginx is restarted", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		through(p)
		w.answers = func(check.Request) check.Result {
			if w.nginx.state != model.RouterRunning {
				return check.Result{Error: "connection refused"}
			}
			return check.Result{Status: 200}
		}
		p.after("journal baking", 4500*time.Millisecond, func() { w.nginx.state = model.RouterStopped })
		p.after("journal baking", 12*time.Second, func() { w.nginx.state = model.RouterRunning })
		r := p.deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if len(r.Checks) != 1 || r.Checks[0].Status != "ok" {
			t.Errorf("%+v", r.Checks)
		}
	})
}

// TestHealthAsks: the health report asks the checks of a colour, and of the live one also what comes through nginx.
func TestHealthAsks(t *testing.T) {
	story(t, "good", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		asksHTTP(t, &p.settings, nil)
		p.settings.Bake.Checks = p.settings.Checks
		r := p.do((*Deployer).Health)
		ends(t, r, model.OK, 0, model.Blue)
		if len(r.Checks) != 2 || r.Checks[0].During != "health" {
			t.Errorf("%+v", r.Checks)
		}
		done(t, w, "close")
	})
	story(t, "bad", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		asksHTTP(t, &p.settings, nil)
		w.answers = func(check.Request) check.Result { return check.Result{Status: 503} }
		r := p.do((*Deployer).Health)
		ends(t, r, model.NotHealthy, 3, model.Blue)
		if codes(r) != "check-failed was-blue shop-was-blue-1" {
			t.Errorf("%s", codes(r))
		}
	})
}

// unprobed runs, and nobody says whether it is well.
var unprobed = life{{0, func(s *gate.Sample) { s.Health = gate.HealthNone }}}
