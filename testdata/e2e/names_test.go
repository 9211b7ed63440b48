package e2e

import (
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// bothNamed is an nginx whose files name both colours for good: a variable chooses the upstream.
const bothNamed = `upstream was_blue { server was-blue:3000 max_fails=0; }
upstream was_green { server was-green:3002 max_fails=0; }
upstream signal_blue { server signal-blue:3001 max_fails=0; }
upstream signal_green { server signal-green:3003 max_fails=0; }
server {
    listen 80;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    set $was was_blue;
    set $signal signal_blue;
    location / { proxy_pass http://$was; }
    location /signal/ { rewrite ^/signal/(.*)$ /$1 break; proxy_pass http://$signal; }
}
`

// restartsOn restarts nginx, which then serves a colour.
func (s *shop) restartsOn(colour string) {
	s.t.Helper()
	docker(s.t, "restart", "-t", "1", s.Nginx)
	if err := s.AwaitNginx(); err != nil {
		s.t.Fatal(err)
	}
	if state := inspect(s.t, s.Nginx, "{{.State.Status}}"); state != "running" {
		s.t.Fatalf("nginx is %s after its restart:\n%s", state, docker(s.t, "logs", "--tail", "3", s.Nginx))
	}
	record := s.sample()
	nothingLost(s.t, record, load.NoKeepAlive)
	if got := record.Colours(); !slices.Equal(got, []string{colour}) {
		s.t.Errorf("after the restart the clients saw %v, want %s", got, colour)
	}
}

// held are the host names that the name holder has; empty: it is not there.
func (s *shop) held() string {
	s.t.Helper()
	name := "bluegate-names-" + s.Name
	if docker(s.t, "ps", "-q", "--filter", "name=^/"+name+"$") == "" {
		return ""
	}
	aliases := strings.Fields(inspect(s.t, name, "{{range .NetworkSettings.Networks}}{{range .Aliases}}{{.}} {{end}}{{end}}"))
	slices.Sort(aliases)
	aliases = slices.DeleteFunc(aliases, func(a string) bool { return !strings.Contains(a, "-") })
	return strings.Join(aliases, " ")
}

// nginx's files name the colour that is stopped. It could be restarted after each command, and serves the colour that is
// live.
func TestNginxCanStartAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t, stand.Options{Conf: bothNamed, Config: unhurried + "nginx: {values: [was, signal]}\n"})
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	const blue, green = "signal-blue was-blue", "signal-green was-green"
	s.deploys(0, model.Started, nil)
	if got := s.held(); got != green {
		t.Errorf("after the first deployment %q is held, want %q", got, green)
	}
	s.restartsOn("blue")

	stop := s.load(load.Options{})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	nothingLost(t, stop(), load.NoKeepAlive, load.KeepAlive)
	if got := s.held(); got != blue {
		t.Errorf("after green was promoted %q is held, want %q", got, blue)
	}
	s.restartsOn("green")

	r := s.run(nil, "status")
	if n := r.Report.Names; n == nil || n.Container != "bluegate-names-"+s.Name || strings.Join(n.Hosts, " ") != blue || !slices.Equal(n.Networks, []string{s.Name}) {
		t.Errorf("status says of the names: %+v", n)
	}
	if hasFinding(r, "names-not-held") || len(r.Report.Containers) != 4 || !hasFinding(r, "nginx-no-restart-policy") {
		t.Errorf("status: %s", r.Stdout)
	}

	s.deploys(3, model.Refused, []string{"VERSION=v3"})
	if got := s.held(); got != blue {
		t.Errorf("after a refusal %q is held, want %q", got, blue)
	}
	s.restartsOn("green")

	s.back(0, model.Promoted)
	if got := s.held(); got != green {
		t.Errorf("after the rollback %q is held, want %q", got, green)
	}
	s.restartsOn("blue")

	// What an older version left: the colour is stopped and nobody holds its names.
	docker(t, "rm", "-f", "bluegate-names-"+s.Name)
	if r := s.run(nil, "status"); !hasFinding(r, "names-not-held") {
		t.Errorf("status does not say that nginx could not start again: %s", r.Stdout)
	}
	if r := s.run(nil, "settle"); r.Code != 0 || s.held() != green {
		t.Errorf("settle: exit code %d, %q is held", r.Code, s.held())
	}
	s.restartsOn("blue")
}
