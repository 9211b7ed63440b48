package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bluegate/deploy/judge"
	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// canarySite is nginx's own configuration of a shop for a canary: nothing is logged but where a server says so.
const canarySite = `log_format bluegate escape=json 'FORMAT';
map $msec $bluegate_judged_8098 { default 0; include /etc/nginx/conf.d/.bluegate-judged-8098[.]map; }
access_log off;
server {
    listen 80;
    access_log /var/log/nginx/shop.log combined;
    access_log syslog:server=127.0.0.1:8098,nohostname,tag=bluegate bluegate if=$bluegate_judged_8098;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_connect_timeout 2s;
    proxy_next_upstream off;
    location / { proxy_pass http://was$bluegate_side; }
    location /signal/ { rewrite ^/signal/(.*)$ /$1 break; proxy_pass http://signal$bluegate_side; }
}
`

// canaryShop has blue live in mode managed. bug is a variable with which green's services begin.
func canaryShop(t *testing.T, version, config, bug string) *shop {
	t.Helper()
	s := newShop(t, stand.Options{
		Nginx: version, Conf: strings.Replace(canarySite, "FORMAT", judge.LogFormat("$bluegate_key"), 1),
		Config: "placeholder: 1\n",
		Edit: func(colour, text string) string {
			if colour == "green" && bug != "" {
				text = strings.ReplaceAll(text, "COLOUR: green,", "COLOUR: green, "+bug+",")
			}
			return text
		},
	})
	s.config("colours: {blue: {was: 3000, signal: 3001}, green: {was: 3002, signal: 3003}}\n" +
		"nginx: {container: " + s.Nginx + ", mode: managed, upstreams: {was: \"was-{colour}:{was}\", signal: \"signal-{colour}:{signal}\"}}\n" +
		"gate: {stable: 500ms, timeout: 2m}\n" + config)
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	s.deploys(0, model.Started, []string{"VERSION=v1"}, "blue")
	return s
}

// managedFile is what nginx's file holds.
func (s *shop) managedFile() string {
	text, _ := os.ReadFile(filepath.Join(s.Dir, "conf.d", "00-bluegate.conf"))
	return string(text)
}

// met is one answer that a client got.
type met struct {
	at      time.Time
	client  int
	service string
	colour  string
	status  int
	failed  string
}

// crowd are clients that ask both services again and again, each with a key of its own.
type crowd struct {
	mu     sync.Mutex
	all    []met
	cancel context.CancelFunc
	work   sync.WaitGroup
}

func key(client int) string {
	sum := sha256.Sum256([]byte(fmt.Sprint("client ", client)))
	return hex.EncodeToString(sum[:8])
}

// crowd begins to ask. rate is how many requests a second are made, about; 0: as many as can be.
func (s *shop) crowd(clients int, rate float64, keyOf func(int) string) *crowd {
	ctx, cancel := context.WithCancel(context.Background())
	c := &crowd{cancel: cancel}
	s.t.Cleanup(func() { c.stop() })
	const workers = 8
	for w := range workers {
		c.work.Go(func() {
			transport := &http.Transport{MaxIdleConnsPerHost: 1}
			defer transport.CloseIdleConnections()
			for i := w; ctx.Err() == nil; i += workers {
				for _, service := range []string{"/", "/signal/"} {
					m := ask(ctx, transport, s.URL+service, keyOf(i%clients))
					m.client, m.service = i%clients, service
					if ctx.Err() == nil {
						c.mu.Lock()
						c.all = append(c.all, m)
						c.mu.Unlock()
					}
					if rate > 0 {
						time.Sleep(time.Duration(workers / rate * float64(time.Second)))
					}
				}
			}
		})
	}
	return c
}

func ask(ctx context.Context, transport http.RoundTripper, url, key string) met {
	m := met{at: time.Now()}
	ctx, cancel := context.WithTimeout(ctx, pace.Limit(20*time.Second))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		m.failed = err.Error()
		return m
	}
	req.Header.Set("X-Client", key)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		m.failed = err.Error()
		return m
	}
	_, err = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		m.failed = err.Error()
	}
	m.status, m.colour = resp.StatusCode, resp.Header.Get("X-Colour")
	return m
}

func (c *crowd) stop() []met {
	c.cancel()
	c.work.Wait()
	return c.all
}

// phase is a time in which nginx's file did not change.
type phase struct {
	canary     string // the line of the file; empty: none
	from, till time.Time
}

// phases watches nginx's file until stop is called.
func (s *shop) phases() (stop func() []phase) {
	done, all := make(chan struct{}), []phase{}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			line := ""
			for l := range strings.Lines(s.managedFile()) {
				if strings.HasPrefix(l, "# canary ") {
					line = strings.TrimSpace(l)
				}
			}
			now := time.Now()
			if n := len(all); n == 0 || all[n-1].canary != line {
				all = append(all, phase{canary: line, from: now})
			}
			all[len(all)-1].till = now
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return func() []phase { close(done); work.Wait(); return all }
}

// within are the answers to requests that began in a phase, after its reload was done.
func within(all []met, p phase) []met {
	return slices.DeleteFunc(slices.Clone(all), func(m met) bool {
		return m.at.Before(p.from.Add(pace.Limit(1500*time.Millisecond))) || m.at.After(p.till.Add(-50*time.Millisecond))
	})
}

// A canary of 5 and of 25 % of 2,000 clients: the shares are right, no client meets both colours, none goes back and
// forth, and nothing is lost.
func TestCanary(t *testing.T) {
	sample.Test(t, 5)
	t.Parallel()
	for _, version := range sample.RowsOf(t, 0, []string{"1.22", "1.30"}, 1) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := canaryShop(t, version, "canary: {steps: [{weight: 5, for: 10s}, {weight: 25, for: 10s}], by: $http_x_client}\njudge: {errors: 1%, p95: 20s, min_requests: 50}\n", "")
			c, stop := s.crowd(2000, 0, key), s.phases()
			r := s.deploys(0, model.Promoted, []string{"VERSION=v2"})
			all, phases := c.stop(), stop()
			shares(t, all, phases)
			for _, m := range all {
				if m.failed != "" || m.status >= 400 {
					t.Errorf("%s of client %d: %d %s", m.service, m.client, m.status, m.failed)
				}
			}
			var during []string
			for _, v := range r.Report.Verdicts {
				during = append(during, v.During)
				if v.Decision != judge.Passed || v.New.Requests < 50 || v.Old.Requests < v.New.Requests || v.Duplicates != 0 {
					t.Errorf("%+v", v)
				}
			}
			if !slices.Equal(during, []string{"canary 5 %", "canary 25 %"}) {
				t.Errorf("verdicts %q", during)
			}
			if strings.Contains(s.managedFile(), "# canary") || r.Report.Live != model.Green {
				t.Errorf("live %s\n%s", r.Report.Live, s.managedFile())
			}
			if log := docker(t, "logs", s.Nginx); strings.Contains(log, "while logging to syslog") {
				t.Errorf("nginx complains of the log:\n%s", log)
			}
		})
	}
}

// shares holds what the clients met against the phases of 5 and 25 %.
func shares(t *testing.T, all []met, phases []phase) {
	t.Helper()
	for _, want := range []struct {
		line  string
		share float64
	}{{"# canary green 5", 5}, {"# canary green 25", 25}} {
		at := slices.IndexFunc(phases, func(p phase) bool { return p.canary == want.line })
		if at < 0 {
			t.Errorf("no phase %q: %+v", want.line, phases)
			continue
		}
		seen := map[string]map[int]string{"/": {}, "/signal/": {}}
		for _, m := range within(all, phases[at]) {
			if before, ok := seen[m.service][m.client]; ok && before != m.colour {
				t.Errorf("%s: client %d went from %s to %s at %s", want.line, m.client, before, m.colour, m.service)
			}
			seen[m.service][m.client] = m.colour
		}
		for service, clients := range seen {
			green := 0
			for client, colour := range clients {
				if colour == "green" {
					green++
				}
				if other, ok := seen["/"][client]; ok && other != colour {
					t.Errorf("%s: client %d met both colours", want.line, client)
				}
			}
			if share := 100 * float64(green) / float64(len(clients)); len(clients) < 2000 || share < want.share-3 || share > want.share+3 {
				t.Errorf("%s: %s: %.1f %% of %d clients", want.line, service, share, len(clients))
			} else {
				t.Logf("%s: %s: %.1f %% of %d clients", want.line, service, share, len(clients))
			}
		}
	}
}

// A release that answers every 20th request with 500 loses in its first step. Who is on the old colour meets none of it.
func TestCanaryOfABadRelease(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := canaryShop(t, "1.30", "canary: {steps: [{weight: 25, for: 5m}, {weight: 50, for: 5m}], by: $http_x_client}\njudge: {errors: 1%, min_requests: 200}\n", `ERRORS: "20"`)
	before := s.managedFile()
	c := s.crowd(500, 200, key)
	r := s.deploys(4, model.RolledBack, []string{"VERSION=v2"})
	all := c.stop()
	if r.Report.Live != model.Blue || r.Report.Undo == nil || r.Report.Undo.Status != "ok" || s.managedFile() != before {
		t.Errorf("live %s, undo %+v\n%s", r.Report.Live, r.Report.Undo, s.managedFile())
	}
	if why := r.Report.Reasons[0]; why.Code != model.Worse || !strings.Contains(why.Message, "GET /") || !strings.Contains(why.Message, "judge.errors is 1 %") {
		t.Errorf("%+v", why)
	}
	if len(r.Report.Verdicts) != 1 || r.Report.Verdicts[0].During != "canary 25 %" || r.Report.Verdicts[0].New.Failed == 0 || r.Report.Verdicts[0].Old.Failed != 0 {
		t.Errorf("%+v", r.Report.Verdicts)
	}
	greens := 0
	for _, m := range all {
		if m.colour == "green" {
			greens++
		} else if m.failed != "" || m.status != 200 {
			t.Errorf("blue's client %d: %d %s", m.client, m.status, m.failed)
		}
	}
	if greens == 0 {
		t.Error("nobody met green")
	}
	if left := docker(t, "ps", "-aq", "--filter", "label=bluegate.release="+r.Report.Release); left != "" {
		t.Errorf("containers of the release are left: %s", left)
	}
}

// Behind another proxy all clients look the same.
func TestCanaryKeyThatIsTheSame(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := canaryShop(t, "1.30", "canary: {steps: [{weight: 25, for: 5m}], by: $http_x_client}\n", "")
	c := s.crowd(500, 100, func(int) string { return "172.18.0.1" })
	r := s.deploys(4, model.RolledBack, []string{"VERSION=v2"})
	c.stop()
	if why := r.Report.Reasons[0]; why.Code != model.CanaryKeyConstant || !strings.Contains(why.Message, `"172.18.0.1"`) || r.Report.Live != model.Blue {
		t.Errorf("live %s, %+v", r.Report.Live, why)
	}
}

// A deployment is killed in its canary, and the next command ends it: the old colour alone is left.
func TestCanaryKilled(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := canaryShop(t, "1.30", "canary: {steps: [{weight: 25, for: 5m}], by: $http_x_client}\njudge: {min_requests: 1}\n", "")
	cmd := s.Command(context.Background(), []string{"VERSION=v2"}, "deploy", "--format", "json")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(pace.Limit(3 * time.Minute)); !strings.Contains(s.managedFile(), "# canary green 25"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("no canary")
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	s.disturbed = true
	if r := s.run(nil, "status"); r.Report.Live != model.Blue || r.Report.Canary == nil || r.Report.Canary.Weight != 25 {
		t.Errorf("status: live %s, canary %+v", r.Report.Live, r.Report.Canary)
	}
	if r := s.run(nil, "settle", "--wait-lock", "2m"); r.Report.Outcome != model.Settled || r.Report.Live != model.Blue {
		t.Errorf("settle: %s, live %s: %s", r.Report.Outcome, r.Report.Live, r.Report.Message)
	}
	c := s.crowd(300, 0, key)
	time.Sleep(2 * time.Second)
	for _, m := range c.stop() {
		if m.colour != "blue" || m.status != 200 {
			t.Fatalf("client %d met %s %d %s", m.client, m.colour, m.status, m.failed)
		}
	}
	if strings.Contains(s.managedFile(), "# canary") {
		t.Errorf("%s", s.managedFile())
	}
}

// judgedSite is the demo's configuration with doctor's lines in it.
func (s *shop) applyRemedy(remedy string) {
	s.t.Helper()
	text, target := s.conf(), ""
	top, server := "", ""
	for line := range strings.Lines(remedy) {
		switch {
		case strings.HasPrefix(line, "# in http {}"):
			target = "http"
		case strings.HasPrefix(line, "# in server {}"):
			target = "server"
		case strings.HasPrefix(line, "# then"):
			target = ""
		case target == "http":
			top += line
		case target == "server":
			server += line
		}
	}
	if top == "" || server == "" {
		s.t.Fatalf("the remedy has no lines for http or for server:\n%s", remedy)
	}
	text = top + strings.Replace(text, "listen       80;\n", "listen       80;\n"+server, 1)
	if err := os.WriteFile(s.Conf, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	docker(s.t, "exec", s.Nginx, "nginx", "-t")
	docker(s.t, "exec", s.Nginx, "nginx", "-s", "reload")
	time.Sleep(pace.Limit(2 * time.Second))
}

// In mode edit doctor says which lines are missing, and with them a bake is judged by the requests of users: too few do
// not tell, and a bad release is taken back.
func TestJudgedBake(t *testing.T) {
	sample.Test(t, 5)
	t.Parallel()
	for _, version := range sample.RowsOf(t, 1, []string{"1.30", "1.22"}, 1) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			const bake = "gate: {stable: 500ms}\nbake: {for: 8s}\njudge: {errors: 1%, min_requests: 50, too_few: refuse}\n"
			s := openShop(t, stand.Options{Nginx: version, Config: bake, Edit: func(colour, text string) string {
				return strings.ReplaceAll(text, "COLOUR: green,", `COLOUR: green, ERRORS: "${ERRORS:-}",`)
			}})
			if r := s.run(nil, "deploy"); r.Code != 3 || r.Report.Reasons[0].Code != model.TooFewRequests || !strings.Contains(r.Report.Reasons[0].Message, "does not log the requests of http://was") {
				t.Fatalf("without the lines: %d %+v", r.Code, r.Report.Reasons)
			}
			remedy := ""
			for _, f := range s.run(nil, "doctor").Report.Findings {
				if f.Code == "requests-unseen" {
					remedy = f.Remedy
				}
			}
			s.applyRemedy(remedy)
			for _, f := range s.run(nil, "doctor").Report.Findings {
				if f.Code == "requests-unseen" {
					t.Fatalf("with the lines: %+v\n%s", f, s.conf())
				}
			}
			before := s.conf()

			c := s.crowd(10, 2.5, key)
			r := s.deploys(4, model.RolledBack, []string{"VERSION=v2"})
			c.stop()
			if len(r.Report.Verdicts) != 1 || r.Report.Reasons[0].Code != model.TooFewRequests {
				t.Fatalf("too few: %+v %+v", r.Report.Reasons, r.Report.Verdicts)
			}
			if v := r.Report.Verdicts[0]; v.Decision != judge.CannotTell || v.During != "bake" || v.New.Requests < 5 || v.New.Requests >= 50 || v.New.Failed != 0 || s.conf() != before {
				t.Errorf("too few: %+v", v)
			}

			c = s.crowd(10, 100, key)
			r = s.deploys(4, model.RolledBack, []string{"VERSION=v2", "ERRORS=20"})
			c.stop()
			if len(r.Report.Verdicts) != 1 || r.Report.Reasons[0].Code != model.Worse || r.Report.Verdicts[0].Decision != judge.Worse || s.conf() != before {
				t.Errorf("a bad release: %+v %+v", r.Report.Reasons, r.Report.Verdicts)
			}

			c = s.crowd(10, 100, key)
			r = s.deploys(0, model.Promoted, []string{"VERSION=v2"})
			all := c.stop()
			if len(r.Report.Verdicts) != 1 || r.Report.Verdicts[0].Decision != judge.Passed || r.Report.Verdicts[0].New.Requests < 50 {
				t.Errorf("a good release: %+v", r.Report.Verdicts)
			}
			for _, m := range all {
				if m.failed != "" || m.status != 200 {
					t.Errorf("client %d: %d %s", m.client, m.status, m.failed)
				}
			}
		})
	}
}
