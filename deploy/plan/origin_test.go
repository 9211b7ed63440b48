package plan

import (
	"testing"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
)

// TestOriginOf: from where a check is asked that does not say it, and about which service it is.
func TestOriginOf(t *testing.T) {
	m := shop(model.Green)
	m.Services[0].HostPorts = []string{"127.0.0.1:3002/tcp"}
	m.Services[1].HostPorts = []string{"3003/udp"}
	for _, test := range []struct {
		kind   check.Kind
		target string
		want   check.Origin
		about  string
	}{
		{check.HTTP, "http://was-green:8080/", check.Nginx, "was-green"},
		{check.HTTP, "http://was-green:3002/", check.Nginx, "was-green"},
		{check.HTTP, "http://localhost:9999/", check.Client, ""},
		{check.HTTP, "http://127.0.0.1:3002/", check.Client, "was-green"},
		{check.TCP, "engine.test:3002", check.Client, "was-green"},
		{check.TCP, "engine.test:3003", check.Nginx, ""},
		{check.DNS, "signal-green", check.Nginx, "signal-green"},
		{check.Exec, "", check.Client, ""},
	} {
		c := check.Check{Request: check.Request{Kind: test.kind, Target: test.target}}
		got, err := originOf(c, m, false)
		if err != nil || got != test.want || ServiceOf(c, m) != test.about {
			t.Errorf("%s: from %s about %q, %v; want %s about %q", c, got, ServiceOf(c, m), err, test.want, test.about)
		}
	}
}
