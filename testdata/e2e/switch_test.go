package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// Several switches back and forth under load. No request without keep-alive and no keep-alive GET is lost, requests of 5 s
// that are in flight at a switch are answered, and the old colour stops only after the last old worker has ended.
func TestSwitchesInARow(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{})
	switches := 4
	if sample.Full() {
		switches = 10
	}
	stop := s.load(load.Options{Long: 5 * time.Second})
	want := []string{"blue"}
	var figures []string
	for i := range switches {
		from, to := "blue", "green"
		if i%2 == 1 {
			from, to = to, from
		}
		ended := s.lastLeaving()
		r := s.deploys(0, model.Promoted, []string{"VERSION=v2"})
		if r.Report.From != model.Colour(from) || r.Report.To != model.Colour(to) || r.Report.Live != model.Colour(to) {
			t.Fatalf("switch %d: from %q to %q, live %q; want %s to %s", i+1, r.Report.From, r.Report.To, r.Report.Live, from, to)
		}
		s.stoppedAfter(from, ended())
		if latency, ok := step(r, "healthy-to-switched"); ok {
			figures = append(figures, fmt.Sprintf("%d", latency.MS-500))
		}
		want = append(want, to)
	}
	record := stop()
	t.Logf("from the last healthy event, less gate.stable, to the proven switch: %s ms\n%s", strings.Join(figures, " "), record)
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive, load.KeepAlivePost, load.Long, load.Upload, load.Stream)
	colours(t, record, want...)
	usualWindow(t, record)
}

// nginx before 1.27.4 closes idle keep-alive connections without looking whether a request is on its way: a POST, which
// no client may repeat by itself, can be lost there. Everything else is kept.
func TestOlderNginx(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Nginx: "1.22"})
	stop := s.load(load.Options{Long: 3 * time.Second})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	s.deploys(0, model.Promoted, []string{"VERSION=v1"})
	record := stop()
	t.Logf("\n%s", record)
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive, load.Long, load.Upload, load.Stream)
	colours(t, record, "blue", "green", "blue")
}

// lastLeaving watches nginx's leaving workers and returns the moment at which the last was still seen.
func (s *shop) lastLeaving() func() time.Time {
	done := make(chan struct{})
	result := make(chan time.Time)
	go func() {
		var last time.Time
		for {
			if pids, err := s.Leaving(); err == nil && len(pids) > 0 {
				last = time.Now()
			}
			select {
			case <-done:
				result <- last
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() time.Time { close(done); return <-result }
}

func (s *shop) stoppedAfter(colour string, leaving time.Time) {
	s.t.Helper()
	if leaving.IsZero() {
		s.t.Errorf("no leaving worker was ever seen: the evidence is missing")
	}
	for _, service := range []string{"was", "signal"} {
		name := fmt.Sprintf("%s-%s-%s-1", s.Name, service, colour)
		at, err := time.Parse(time.RFC3339Nano, inspect(s.t, name, "{{.State.FinishedAt}}"))
		if err != nil {
			s.t.Fatal(err)
		}
		if running := inspect(s.t, name, "{{.State.Running}}"); running != "false" || at.Before(leaving.Add(-25*time.Millisecond)) {
			s.t.Errorf("%s (running: %s) stopped at %s, but an old worker was still there at %s", name, running, at.Format(time.StampMilli), leaving.Format(time.StampMilli))
		}
		if policy := inspect(s.t, name, "{{.HostConfig.RestartPolicy.Name}}"); policy != "no" {
			s.t.Errorf("%s keeps the restart policy %q: a restart of the engine would revive it", name, policy)
		}
	}
}

// The edit is the smallest possible one: only the host:port of the switch points changes, whatever stands around them.
func TestOnlyTheTokensChange(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	odd := strings.ReplaceAll(`# was-blue:3000 in a comment
upstream was	{
   server	"was-blue:3000"  weight=3   max_fails=0 ;# signal-blue:3001
   keepalive 4; }
upstream signal{server
   signal-blue:3001
   ;}
server { listen 80; proxy_http_version 1.1; proxy_set_header Connection "";
 add_header X-Note "served by was-blue:3000 and more" always;
 location / { proxy_pass http://was; }   location /signal/ { proxy_pass http://signal/; }
 location /direct/ { proxy_pass   http://was-blue:3000/ ; }
}
`, "\n", "\r\n")
	s := openShop(t, stand.Options{Conf: odd})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	want := strings.NewReplacer(`"was-blue:3000"  weight`, `"was-green:3002"  weight`, "signal-blue:3001\r\n   ;", "signal-green:3003\r\n   ;", "http://was-blue:3000/", "http://was-green:3002/").Replace(odd)
	if got := s.conf(); got != want {
		t.Errorf("the configuration is\n%q\nwant\n%q", got, want)
	}
	s.deploys(0, model.Promoted, []string{"VERSION=v1"})
	if got := s.conf(); got != odd {
		t.Errorf("there and back is not the same:\n%q\nwant\n%q", got, odd)
	}
}
