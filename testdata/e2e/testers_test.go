package e2e

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
)

const (
	testersSecret = "s3cret-of-the-testers_0123456789"
	testersConfig = "preview: {header: X-Preview, cookie: preview, secret: \"${PREVIEW_SECRET}\"}\n"
)

// testers runs commands with the secret in their environment.
func testers(words ...string) []string { return append(words, "PREVIEW_SECRET="+testersSecret) }

// addConfig adds to bluegate.yml.
func (s *shop) addConfig(text string) {
	s.t.Helper()
	name := filepath.Join(s.Dir, "bluegate.yml")
	now, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, append(now, text...), 0o644)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// answer is what a request through nginx with these headers gets.
func (s *shop) answer(path string, headers ...string) (status int, colour, body string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), pace.Limit(30*time.Second))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		s.t.Fatalf("%s %q: %v", path, headers, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("X-Colour"), string(text)
}

// let says what testers and users get at both services. tester is a colour, or none: then it is 503.
func (s *shop) let(when, tester, user string) {
	s.t.Helper()
	for _, test := range []struct {
		headers []string
		tester  bool
	}{
		{[]string{"X-Preview", testersSecret}, true},
		{[]string{"Cookie", "a=b; preview=" + testersSecret}, true},
		{[]string{"X-Preview", "wrong", "Cookie", "preview=" + testersSecret}, true},
		{[]string{"X-Preview", testersSecret, "Cookie", "preview=wrong"}, true},
		{[]string{"X-Preview", strings.ToUpper(testersSecret)}, false},
		{[]string{"X-Preview", testersSecret + "0"}, false},
		{[]string{"X-Preview", testersSecret[1:]}, false},
		{[]string{"X-Preview", "-new"}, false},
		{[]string{"Cookie", "preview="}, false},
		{nil, false},
	} {
		for _, path := range []string{"/", "/signal/"} {
			status, colour, body := s.answer(path, test.headers...)
			want := user
			if test.tester {
				want = tester
			}
			switch {
			case want == "" && (status != http.StatusServiceUnavailable || colour != "" || body != "no release waits for a preview\n"):
				s.t.Errorf("%s: %s %q: %d of %s: %s", when, path, test.headers, status, colour, body)
			case want != "" && (status != http.StatusOK || colour != want):
				s.t.Errorf("%s: %s %q: %d of %q, want 200 of %q", when, path, test.headers, status, colour, want)
			}
		}
	}
}

// noSecret wants the secret in nothing that was said, and not readable by all where it is written.
func (s *shop) noSecret(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if strings.Contains(text, testersSecret) {
			s.t.Errorf("the secret is in what was said:\n%s", text)
		}
	}
	info, err := os.Stat(filepath.Join(s.Dir, "conf.d", "00-bluegate.conf"))
	if err != nil || info.Mode().Perm()&0o007 != 0 || !strings.Contains(s.managedFile(), testersSecret) {
		s.t.Errorf("nginx's file: mode %v, %v\n%s", info.Mode(), err, s.managedFile())
	}
}

// People with a secret get a release that waits through nginx, and 503 without one: before the first, after it was given up,
// and after it was promoted. Users lose nothing and never meet it before it is live.
func TestTesters(t *testing.T) {
	sample.Test(t, 5)
	t.Parallel()
	for _, version := range sample.RowsOf(t, 0, []string{"1.22", "1.30"}, 1) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := canaryShop(t, version, "", "")
			s.addConfig(testersConfig)
			if r := s.run(testers(), "status"); !slices.ContainsFunc(r.Report.Findings, func(f model.Finding) bool { return f.Code == "testers-unknown" }) {
				t.Errorf("status does not say that nginx knows no testers: %+v", r.Report.Findings)
			}
			users := s.crowd(50, 100, key)
			first := s.deploys(0, model.Waiting, testers("VERSION=v2"), "--until", "preview")
			s.let("while it waits", "green", "blue")
			shown := s.run(testers(), "status")
			if p := shown.Report.Preview; p == nil || p.Testers == nil || p.Testers.Header != "X-Preview" || shown.Report.Live != model.Blue || shown.Report.Canary != nil {
				t.Errorf("status: %+v", p)
			}
			doctor := s.run(testers(), "doctor")
			s.noSecret(first.Stdout, first.Stderr, shown.Stdout, doctor.Stdout, doctor.Stderr)

			all := users.stop() // what a restart loses is not bluegate's
			s.disturbed = true
			docker(t, "restart", "-t", "1", s.Nginx)
			if err := s.AwaitNginx(); err != nil {
				t.Fatal(err)
			}
			s.let("after a restart of nginx", "green", "blue")
			users = s.crowd(50, 100, key)
			aborted := s.run(testers(), "abort")
			if aborted.Code != 0 || aborted.Report.Live != model.Blue {
				t.Fatalf("abort: %d %s\n%s", aborted.Code, aborted.Report.Message, aborted.Stderr)
			}
			if left := docker(t, "ps", "-aq", "--filter", "label=bluegate.release="+first.Report.Release); left != "" {
				t.Errorf("of the release that was given up is left: %s", left)
			}
			s.let("after abort", "", "blue")
			s.noSecret(aborted.Stdout, aborted.Stderr)

			s.deploys(0, model.Waiting, testers("VERSION=v2"), "--until", "preview")
			s.let("while the second waits", "green", "blue")
			replaced := s.deploys(0, model.Waiting, testers("VERSION=v2"), "--until", "preview", "--replace")
			s.let("while the third waits", "green", "blue")
			for _, m := range append(all, users.stop()...) {
				if m.failed != "" || m.status != http.StatusOK || m.colour != "blue" {
					t.Errorf("a user of %s: %d of %q %s", m.service, m.status, m.colour, m.failed)
				}
			}
			users = s.crowd(50, 100, key)
			promoted := s.run(testers(), "promote")
			if promoted.Code != 0 || promoted.Report.Live != model.Green || promoted.Report.Release != replaced.Report.Release {
				t.Fatalf("promote: %d %s\n%s", promoted.Code, promoted.Report.Message, promoted.Stderr)
			}
			s.let("after promote", "", "green")
			for _, m := range users.stop() {
				if m.failed != "" || m.status != http.StatusOK {
					t.Errorf("a user of %s during promote: %d %s", m.service, m.status, m.failed)
				}
			}
			if back := s.run(testers(), "rollback"); back.Code != 0 || back.Report.Live != model.Blue {
				t.Errorf("rollback: %d %s", back.Code, back.Report.Message)
			}
			s.let("after rollback", "", "blue")
			s.noSecret(promoted.Stdout, promoted.Stderr)
		})
	}
}

// A release that waits is promoted by a canary: testers keep it, and of the others only a share gets it. A tester gets no
// cookie of the canary.
func TestTestersInACanary(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := canaryShop(t, "1.30", "", "")
	s.addConfig(testersConfig + "canary: {steps: [{weight: 25, for: 20s}], by: $http_x_client}\n")
	s.deploys(0, model.Waiting, testers("VERSION=v2"), "--until", "preview")
	cmd := s.Command(context.Background(), testers(), "promote", "--format", "json")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(pace.Limit(3 * time.Minute)); !strings.Contains(s.managedFile(), "# canary green 25"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("no canary")
		}
	}
	time.Sleep(pace.Limit(1500 * time.Millisecond)) // the reload is done
	met := map[string]int{}
	for i := range 100 {
		headers := []string{"X-Client", key(i)}
		_, colour, _ := s.answer("/", headers...)
		met[colour]++
		if _, colour, _ := s.answer("/signal/", append(headers, "X-Preview", testersSecret)...); colour != "green" {
			t.Errorf("tester %d met %q", i, colour)
		}
	}
	if met["green"] < 5 || met["blue"] < 50 {
		t.Errorf("the others met %v", met)
	}
	req, err := http.NewRequest(http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Preview", testersSecret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _ = resp.Body.Close(); len(resp.Cookies()) != 0 {
		t.Errorf("a tester gets the cookies %v", resp.Cookies())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	s.let("after promote", "", "green")
}
