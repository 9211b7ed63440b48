package check

import (
	"strings"
	"testing"
	"time"
)

func TestComplete(t *testing.T) {
	for _, test := range []struct {
		name  string
		check Check
		says  string // in the error
	}{
		{"http", Check{Request: Request{Kind: HTTP, Target: "http://was:3000/health"}}, ""},
		{"no URL", Check{Request: Request{Kind: HTTP, Target: "was:3000/health"}}, "no http:// or https:// URL"},
		{"no host", Check{Request: Request{Kind: HTTP, Target: "http://:80/"}}, "no http:// or https:// URL"},
		{"tcp", Check{Request: Request{Kind: TCP, Target: "was:3000"}}, ""},
		{"tcp without port", Check{Request: Request{Kind: TCP, Target: "was"}}, "no host:port"},
		{"tls", Check{Request: Request{Kind: TLS, Target: "[::1]:443"}}, ""},
		{"dns", Check{Request: Request{Kind: DNS, Target: "was"}}, ""},
		{"dns of a URL", Check{Request: Request{Kind: DNS, Target: "http://was"}}, "no name"},
		{"exec", Check{From: Container, Service: "was", Request: Request{Kind: Exec, Argv: []string{"true"}}}, ""},
		{"exec of nothing", Check{Request: Request{Kind: Exec}}, "no command"},
		{"exec beside nginx", Check{From: Nginx, Request: Request{Kind: Exec, Argv: []string{"true"}}}, "no command is executed"},
		{"nothing", Check{}, "one of http, tcp"},
		{"container of no service", Check{From: Container, Request: Request{Kind: TCP, Target: "a:1"}}, "needs service"},
		{"service from elsewhere", Check{Service: "was", Request: Request{Kind: TCP, Target: "a:1"}}, "is for from: container"},
		{"more passes than attempts", Check{Attempts: 2, Passes: 3, Request: Request{Kind: TCP, Target: "a:1"}}, "2 attempts"},
		{"more passes than the default attempts", Check{Passes: 7, Request: Request{Kind: TCP, Target: "a:1"}}, ""},
		{"latency beyond the timeout", Check{Want: Want{Latency: 6 * time.Second}, Request: Request{Kind: TCP, Target: "a:1"}}, "within the timeout of 5s"},
		{"negative", Check{Attempts: -1, Request: Request{Kind: TCP, Target: "a:1"}}, "not negative"},
	} {
		_, err := test.check.Complete()
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", test.name, err, test.says)
		}
	}
	c, err := Check{Request: Request{Kind: HTTP, Target: "http://was/"}}.Complete()
	if err != nil || c.Statuses.String() != "200-299" || c.Timeout != 5*time.Second || c.Attempts != 3 || c.Passes != 1 || c.Interval != time.Second {
		t.Errorf("defaults: %+v, %v", c, err)
	}
}

func TestLoopbackAndName(t *testing.T) {
	for _, test := range []struct {
		check    Check
		loopback bool
		host     string
		port     string
		name     string
	}{
		{Check{Request: Request{Kind: HTTP, Target: "http://localhost/x"}}, true, "localhost", "80", "GET http://localhost/x"},
		{Check{Request: Request{Kind: HTTP, Method: "POST", Target: "https://kim:secret@127.0.0.2/"}}, true, "127.0.0.2", "443", "POST https://kim:xxxxx@127.0.0.2/"},
		{Check{Request: Request{Kind: TCP, Target: "[::1]:8080"}}, true, "::1", "8080", "tcp [::1]:8080"},
		{Check{Request: Request{Kind: TLS, Target: "10.0.0.1:443"}}, false, "10.0.0.1", "443", "tls 10.0.0.1:443"},
		{Check{Request: Request{Kind: DNS, Target: "was"}}, false, "was", "", "dns was"},
		{Check{Request: Request{Kind: Exec, Argv: []string{"./look", "twice"}}}, false, "", "", "exec ./look twice"},
	} {
		host, port := test.check.Host()
		if host != test.host || port != test.port || test.check.Loopback() != test.loopback || test.check.String() != test.name {
			t.Errorf("%s: host %q, port %q, loopback %v; want %q, %q, %q, %v", test.check, host, port, test.check.Loopback(), test.name, test.host, test.port, test.loopback)
		}
	}
}

func TestJudge(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	http := func(w Want) Check {
		c, _ := Check{Want: w, Request: Request{Kind: HTTP, Target: "http://was/"}}.Complete()
		return c
	}
	of := func(k Kind, w Want) Check { return Check{Want: w, Request: Request{Kind: k}} }
	for _, test := range []struct {
		name   string
		check  Check
		answer Result
		want   string // empty: good
	}{
		{"good", http(Want{}), Result{Status: 204}, ""},
		{"no answer", http(Want{}), Result{Error: "connection refused"}, "connection refused"},
		{"status", http(Want{}), Result{Status: 500}, "status 500, wanted 200-299"},
		{"redirect", http(Want{}), Result{Status: 302, Location: "/login"}, "a redirect to /login"},
		{"redirect that is wanted", http(Want{Statuses: Statuses{{300, 399}}}), Result{Status: 302, Location: "/login"}, ""},
		{"contains", http(Want{Contains: "ok"}), Result{Status: 200, Body: []byte("all ok")}, ""},
		{"contains it not", http(Want{Contains: "ok"}), Result{Status: 200, Body: []byte("maintenance")}, `does not contain "ok"`},
		{"contains it not so far", http(Want{Contains: "ok"}), Result{Status: 200, Cut: true}, "in its first 256 KiB"},
		{"contains what it must not", http(Want{ContainsNot: "maintenance"}), Result{Status: 200, Body: []byte("maintenance")}, `contains "maintenance"`},
		{"slow", http(Want{Latency: time.Second}), Result{Status: 200, Took: 1200 * time.Millisecond}, "it took 1.2s, and may take 1s"},
		{"in time", http(Want{Latency: time.Second}), Result{Status: 200, Took: time.Second}, ""},
		{"status before latency", http(Want{Latency: time.Second}), Result{Status: 500, Took: time.Minute}, "status 500"},
		{"tcp", of(TCP, Want{}), Result{}, ""},
		{"certificate", of(TLS, Want{}), Result{NotAfter: now.Add(time.Hour)}, ""},
		{"certificate that has ended", of(TLS, Want{}), Result{NotAfter: now.Add(-time.Hour)}, "the certificate ends at 2026-11-20T11:00:00Z"},
		{"certificate that soon ends", of(TLS, Want{DaysLeft: 14}), Result{NotAfter: now.AddDate(0, 0, 13)}, "in 13 days, wanted 14"},
		{"name", of(DNS, Want{}), Result{Addresses: []string{"10.0.0.1"}}, ""},
		{"name without address", of(DNS, Want{}), Result{}, "no address"},
		{"command", of(Exec, Want{}), Result{}, ""},
		{"command that fails", of(Exec, Want{}), Result{ExitCode: 3}, "exit code 3"},
	} {
		got := test.check.Judge(test.answer, now)
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestSeries(t *testing.T) {
	for _, test := range []struct {
		attempts, passes int
		answers          string // + is a pass
		asked            int
		ok               bool
	}{
		{3, 1, "+", 1, true},
		{3, 1, "--+", 3, true},
		{3, 1, "---", 3, false},
		{1, 1, "-", 1, false},
		{5, 3, "+++", 3, true},
		{5, 3, "++-", 3, false}, // two are left, and three are needed
		{5, 2, "+-+-++", 4, false},
		{6, 2, "+-+-++", 6, true},
	} {
		s := Check{Attempts: test.attempts, Passes: test.passes}.NewAttempts()
		done, ok := false, false
		for _, a := range test.answers {
			if done {
				break
			}
			s.Add(map[rune]string{'+': "", '-': "no"}[a])
			done, ok = s.Done()
		}
		if !done || ok != test.ok || s.Asked != test.asked {
			t.Errorf("%d attempts, %d passes, %s: done %v, passed %v after %d; want %v after %d", test.attempts, test.passes, test.answers, done, ok, s.Asked, test.ok, test.asked)
		}
	}
}

func TestTimes(t *testing.T) {
	var times Times
	if times.Summary() != nil {
		t.Error("no time has a summary")
	}
	for i := range 100 {
		times.Add(time.Duration(100-i) * time.Millisecond)
	}
	if got, want := *times.Summary(), (Summary{1, 50, 95, 100}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	var one Times
	one.Add(1234 * time.Microsecond)
	if got, want := *one.Summary(), (Summary{1.2, 1.2, 1.2, 1.2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for range 100_000 {
		one.Add(time.Second)
	}
	if got, want := *one.Summary(), (Summary{1.2, 1000, 1000, 1000}); len(one.all) > timesKept || got != want {
		t.Errorf("%d times are kept: %+v, want %+v", len(one.all), got, want)
	}
}
