package e2e

import (
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// asks has a check of every kind, from everywhere. The demo's container has no published port: what is asked from nginx
// or from a container needs none.
const asks = `gate: {stable: 500ms}
colours: {blue: {was: 3000}, green: {was: 3002}}
checks:
- {http: "http://was-{colour}:{was}/", contains: '"colour":"{colour}"', contains_not: maintenance, passes: 2, interval: 50ms, timeout: 60s}
- {http: "http://127.0.0.1:{was}/health", from: container, service: "was-{colour}", timeout: 60s, latency: 50s}
- {tcp: "signal-{colour}:{was}", attempts: 1, timeout: 60s}
- {dns: "was-{colour}", timeout: 60s}
- {exec: ["/healthcheck", "--timeout", "50s", "http://127.0.0.1:{was}/health"], from: container, service: "was-{colour}", timeout: 60s}
- {exec: ["sh", "-c", "test -f bluegate.yml"], timeout: 60s}
`

// asksOf replaces the port of signal, which is another.
func asksOf(text string) string {
	return strings.NewReplacer("{was: 3000}", "{was: 3000, signal: 3001}", "{was: 3002}", "{was: 3002, signal: 3003}", "signal-{colour}:{was}", "signal-{colour}:{signal}").Replace(text)
}

// Every kind of check is asked from where it is to be asked, before users come and by health; their times are reported.
func TestChecksOfEveryKind(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	s.config(asksOf(asks))
	r := s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	var asked []string
	for _, c := range r.Report.Checks {
		asked = append(asked, string(c.From))
		if c.Status != "ok" || c.Colour != model.Green || c.During != "checks" || c.MS == nil || c.MS.Min <= 0 || c.MS.Max < c.MS.Median {
			t.Errorf("%+v, %+v", c, c.MS)
		}
	}
	if got := strings.Join(asked, " "); got != "nginx container nginx nginx container client" {
		t.Errorf("asked from %s", got)
	}
	health := s.run(nil, "health")
	if health.Code != 0 || len(health.Report.Checks) != 6 {
		t.Errorf("health: exit %d\n%s", health.Code, health.Stdout)
	}
	s.noHelperLeft()
}

// C12: Docker's health passes and a check does not. Users never meet the release, and the answer is the evidence.
func TestFailingChecks(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive}, Rate: 40})
	before := s.conf()
	for _, test := range []struct{ name, check, says, probe string }{
		{"status", `{http: "http://was-{colour}:{was}/nowhere", attempts: 2, interval: 50ms, timeout: 60s}`, "status 404, wanted 200-299", "404"},
		{"body", `{http: "http://was-{colour}:{was}/health", contains: "all is well", attempts: 1, timeout: 60s}`, `does not contain "all is well"`, "ok"},
		{"command", `{exec: ["/healthcheck", "http://127.0.0.1:1/"], from: container, service: "was-{colour}", attempts: 1, timeout: 60s}`, "exit code 1", "refused"},
		{"port", `{tcp: "was-{colour}:1", attempts: 1, timeout: 60s}`, "connection refused", ""},
	} {
		s.config("gate: {stable: 500ms}\ncolours: {blue: {was: 3000}, green: {was: 3002}}\nchecks: [" + test.check + "]\n")
		r := s.deploys(3, model.Refused, []string{"VERSION=v2"})
		why := r.Report.Reasons[0]
		if why.Code != model.CheckFailed || !strings.Contains(why.Message, test.says) || !strings.Contains(why.LastProbe, test.probe) || why.Service != "was-green" || len(why.LogTail) == 0 {
			t.Errorf("%s: %+v", test.name, why)
		}
	}
	record := stop()
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive)
	colours(t, record, "blue")
	if s.conf() != before {
		t.Errorf("the configuration changed:\n%s", s.conf())
	}
	if running := s.containers(); len(running) != 2 {
		t.Errorf("%q run", running)
	}
	s.noHelperLeft()
}

// A service without healthcheck passes when a check is given for its colour.
func TestCheckInPlaceOfAHealthcheck(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Edit: func(_, text string) string {
		at := strings.Index(text, "    healthcheck:")
		end := at + strings.Index(text[at:], "    restart:")
		return text[:at] + "    healthcheck: {disable: true}\n" + text[end:]
	}, Config: `gate: {stable: 500ms}
colours: {blue: {was: 3000}, green: {was: 3002}}
checks: [{http: "http://was-{colour}:{was}/health", attempts: 30, interval: 500ms, timeout: 60s}]
`})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
}

// noHelperLeft: what asking needed is gone.
func (s *shop) noHelperLeft() {
	s.t.Helper()
	for _, role := range []string{"helper", "beside"} {
		if left := docker(s.t, "ps", "-aq", "--filter", "label=bluegate.sweep="+s.Name, "--filter", "name=bluegate-"+role); left != "" {
			s.t.Errorf("a container of role %s is left: %s", role, left)
		}
	}
}
