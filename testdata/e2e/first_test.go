package e2e

import (
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// The first deployment behind an nginx that could not start, because its upstream did not resolve: the colour that the
// configuration names comes up, and nginx after it.
func TestFirstStartsNginx(t *testing.T) {
	t.Parallel()
	s := newShop(t, stand.Options{})
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	if state := inspect(t, s.Nginx, "{{.State.Status}}"); state != "exited" {
		t.Fatalf("nginx is %s; it was to end for want of its upstream", state)
	}
	r := s.deploys(0, model.Started, nil)
	if r.Report.Live != model.Blue {
		t.Errorf("live is %q, want blue, which nginx names", r.Report.Live)
	}
	nothingLost(t, s.sample(), load.NoKeepAlive, load.KeepAlive)
}

// The same, but the other colour is asked for: the stopped nginx's configuration is switched before it starts.
func TestFirstOfTheOtherColour(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{})
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	s.deploys(0, model.Started, []string{"VERSION=v2"}, "green")
	if !strings.Contains(s.conf(), "was-green:3002") {
		t.Errorf("the configuration does not name green:\n%s", s.conf())
	}
	record := s.sample()
	nothingLost(t, record, load.NoKeepAlive)
	if got := record.Colours(); len(got) != 1 || got[0] != "green" {
		t.Errorf("the clients saw %v, want green", got)
	}
}

// Without nginx a first deployment is good for what it is; a second one is not.
func TestWithoutNginx(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{})
	r := s.deploys(0, model.Started, nil)
	if !hasFinding(r, "nginx-absent") || r.Report.Live != model.None {
		t.Errorf("want the finding nginx-absent and no live colour:\n%s", r.Stdout)
	}
	before := s.containers()
	r = s.deploys(7, model.Unreachable, []string{"VERSION=v2"})
	if got := s.containers(); len(got) != 2 || got[0] != before[0] {
		t.Errorf("containers are %v, were %v", got, before)
	}
	if !strings.Contains(r.Report.Message, "nginx") {
		t.Errorf("the message does not name nginx: %s", r.Report.Message)
	}
}

// sample is what clients meet during a second.
func (s *shop) sample() load.Record {
	s.t.Helper()
	stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive}})
	time.Sleep(time.Second)
	return stop()
}

func hasFinding(r stand.Result, code string) bool {
	for _, f := range r.Report.Findings {
		if f.Code == code {
			return true
		}
	}
	return false
}
