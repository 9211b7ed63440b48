package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// untouched wants what a refusal before the switch must leave: bytes, workers, the live colour, no trace.
func (s *shop) untouched(do func()) {
	s.t.Helper()
	before := s.conf()
	workers, err := s.Workers()
	if err != nil {
		s.t.Fatal(err)
	}
	running := s.containers()
	stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive}, Rate: 60})
	do()
	record := stop()
	nothingLost(s.t, record, load.NoKeepAlive, load.KeepAlive)
	colours(s.t, record, "blue")
	if got := s.conf(); got != before {
		s.t.Errorf("the configuration changed:\n%s\nbefore:\n%s", got, before)
	}
	if got, err := s.Workers(); err != nil || !slices.Equal(got, workers) {
		s.t.Errorf("nginx's workers are %v, were %v (%v)", got, workers, err)
	}
	pace.Until(s.t, "what was started has ended", func() error { // a Swarm's nodes end the tasks of a service after it was removed
		if got := s.containers(); !slices.Equal(got, running) {
			return fmt.Errorf("containers that run: %v, before: %v", got, running)
		}
		return nil
	})
}

// Another site in the same nginx is broken: nginx -t fails, and the message names the foreign file.
func TestForeignSiteBroken(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	if err := os.WriteFile(filepath.Join(filepath.Dir(s.Conf), "other.conf"), []byte("server { listen 81; no_such_directive on; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.untouched(func() {
		r := s.deploys(3, model.Refused, []string{"VERSION=v2"})
		if reason := r.Report.Reasons[0]; reason.Code != model.NginxTestFailed || !strings.Contains(reason.Message, "/etc/nginx/conf.d/other.conf:1") {
			t.Errorf("the reason is %s", reason)
		}
		if left := docker(t, "ps", "-aq", "--filter", "label=bluegate.release="+r.Report.Release); left != "" {
			t.Errorf("something was started: %s", left)
		}
	})
}

// A listen port of the coming reload is taken by another process: HUP is accepted, nginx -t passes, and nothing is
// applied. The proof fails, the old bytes come back, and no worker has changed.
func TestReloadNotApplied(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Config: quick})
	// A new listener in a file without switch points is not loaded yet, and its port is taken in nginx's namespace.
	docker(t, "run", "-d", "--name", s.Name+"-squatter", "--label", "com.docker.compose.project="+s.Name, "--network", "container:"+s.Nginx, "-e", "PORT=8181", "bluegate-shop:v1")
	if err := os.WriteFile(filepath.Join(filepath.Dir(s.Conf), "extra.conf"), []byte("server { listen 8181; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.untouched(func() {
		r := s.deploys(3, model.Refused, []string{"VERSION=v2"})
		if reason := r.Report.Reasons[0]; reason.Code != model.NginxNotSwitched || !strings.Contains(reason.Message, "bind()") {
			t.Errorf("the reason is %s", reason)
		}
	})
	// What was put back does not look as if it had never been loaded: the next deployment is not refused for it.
	docker(t, "rm", "-f", s.Name+"-squatter")
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
}

// The name that the new configuration needs does not resolve where nginx stands: the green services are on a network
// that nginx is not on.
func TestUpstreamDoesNotResolve(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Edit: func(colour, text string) string {
		if colour == "green" {
			text = strings.ReplaceAll(text, "    restart:", "    networks: [apart]\n    restart:") + "  apart: {}\n"
		}
		return text
	}})
	t.Cleanup(func() { docker(t, "network", "rm", s.Name+"_apart") })
	s.untouched(func() {
		r := s.deploys(3, model.Refused, []string{"VERSION=v2"})
		if reason := r.Report.Reasons[0]; reason.Code != model.NginxTestFailed || !strings.Contains(reason.Message, "host not found") {
			t.Errorf("the reason is %s", reason)
		}
	})
}

// A colour is live and nginx is stopped, or is not there: nothing is started.
func TestNginxStoppedOrMissing(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{})
	running, conf := s.containers(), s.conf()
	docker(t, "stop", s.Nginx)
	r := s.deploys(7, model.Unreachable, []string{"VERSION=v2"})
	if !strings.Contains(r.Report.Message, s.Nginx) {
		t.Errorf("the message does not name %s: %s", s.Nginx, r.Report.Message)
	}
	docker(t, "rm", s.Nginx)
	s.deploys(7, model.Unreachable, []string{"VERSION=v2"})
	if got := s.containers(); !slices.Equal(got, running) || s.conf() != conf {
		t.Errorf("containers that run: %v, before: %v", got, running)
	}
	if left := docker(t, "ps", "-aq", "--filter", "name=bluegate-lock-"+s.Name); left != "" {
		t.Errorf("a lock is left")
	}
}

// Someone edited the live file and has not reloaded nginx: what runs is not what is on disk.
func TestHandEditNotLoaded(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	s.age()
	if err := os.WriteFile(s.Conf, []byte(strings.Replace(s.conf(), "2s;", "3s;", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	s.untouched(func() {
		r := s.deploys(3, model.Refused, []string{"VERSION=v2"})
		if reason := r.Report.Reasons[0]; reason.Code != model.ConfigNotLoaded || !strings.Contains(reason.Message, "default.conf") {
			t.Errorf("the reason is %s", reason)
		}
	})
}

// age waits until nginx's workers are old enough that a later change can be told from their start: ages are whole
// seconds.
func (s *shop) age() {
	s.t.Helper()
	for {
		out := docker(s.t, "top", s.Nginx, "-eo", "pid,etimes,args")
		var pid, age int
		for line := range strings.Lines(out) {
			if strings.Contains(line, "worker process") {
				if _, err := fmt.Sscan(line, &pid, &age); err != nil {
					s.t.Fatal(err)
				}
			}
		}
		if age >= 3 {
			return
		}
	}
}

func TestNoEngine(t *testing.T) {
	t.Parallel()
	s := newShop(t, stand.Options{})
	for name, host := range map[string]string{"no socket": "unix://" + filepath.Join(s.Dir, "no.sock"), "silent": "unix://" + silent(t, s.Dir)} {
		r := s.run([]string{"DOCKER_HOST=" + host}, "deploy")
		if r.Code != 7 || !strings.Contains(r.Report.Message, host) {
			t.Errorf("%s: %d %s", name, r.Code, r.Report.Message)
		}
	}
}

// silent is a socket that accepts and says nothing, as that of a stopped daemon.
func silent(t *testing.T, dir string) string {
	path := filepath.Join(dir, "silent.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return path
}
