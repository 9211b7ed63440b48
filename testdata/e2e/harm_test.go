package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// withDatabase adds a service to the shop's Compose file on which the others depend, with one more line.
func withDatabase(text, more string) string {
	text = strings.ReplaceAll(text, `expose: ["300`, "depends_on: [db]\n    expose: [\"300")
	return strings.Replace(text, "services:\n", "services:\n  db:\n    image: bluegate-shop:v1\n    environment: {SERVICE: db, PORT: \"4000\"}\n    "+more+"\n", 1)
}

// projectIn is the project's name in a Compose file of the shop.
func projectIn(text string) string {
	_, name, _ := strings.Cut(text, "\nname: ")
	name, _, _ = strings.Cut(name, "\n")
	return name
}

// A named volume is not what the Compose file says any more, and the database that uses it is stopped: Compose would make
// the volume anew, without its data. It is refused before anything is touched, and the data is there.
func TestDataOfAVolume(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{Edit: func(colour, text string) string {
		return withDatabase(text, "volumes: [\"data:/data\"]") + "\nvolumes: {data: {}}\n"
	}})
	s.opened()
	t.Cleanup(func() {
		_, _ = stand.Docker("rm", "-f", s.Name+"-db-1")
		_, _ = stand.Docker("volume", "rm", s.Name+"_data")
	})
	db := s.Name + "-db-1"
	docker(t, "cp", s.Conf, db+":/data/rows")
	docker(t, "stop", db)
	for _, colour := range []string{"blue", "green"} {
		file := filepath.Join(s.Dir, "compose."+colour+"-deploy.yml")
		if err := os.WriteFile(file, []byte(strings.Replace(readFile(t, file), "{data: {}}", "{data: {labels: {team: shop}}}", 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := inspect(t, db, "{{.Id}}")
	s.untouched(func() {
		for _, args := range [][]string{{"--dry-run"}, nil} {
			r := s.deploys(3, model.Refused, []string{"VERSION=v2"}, args...)
			if why := r.Report.Reasons[0]; why.Code != model.WouldLoseData || !strings.Contains(why.Message, s.Name+"_data") {
				t.Errorf("the reason is %s", why)
			}
		}
	})
	if got := inspect(t, db, "{{.Id}}"); got != before {
		t.Errorf("the database's container is %s, was %s", got, before)
	}
	kept := filepath.Join(t.TempDir(), "rows")
	docker(t, "cp", db+":/data/rows", kept)
	if got := readFile(t, kept); got != s.conf() {
		t.Errorf("the data is %q", got)
	}
}

// prunes removes what a `docker container prune` removes, of this shop only: other tests use the same engine.
func (s *shop) prunes() {
	s.t.Helper()
	for _, state := range []string{"created", "exited", "dead"} {
		for _, id := range strings.Fields(docker(s.t, "ps", "-aq", "--filter", "name=^/bluegate-.*-"+s.Name+"$", "--filter", "status="+state)) {
			_, _ = stand.Docker("rm", "-v", id) // one that removes itself may be gone
		}
	}
}

// Whoever removes stopped containers, as cron jobs do, takes neither the lock of a deployment that is under way nor what is
// known of the releases.
func TestPrunedByOthers(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Config: long})
	b := s.start([]string{"VERSION=v2"}, "deploy")
	b.until("healthy")
	s.prunes()
	s.config(quick)
	if r := s.run([]string{"VERSION=v3"}, "deploy"); r.Code != 6 || r.Report.Outcome != model.Locked {
		t.Errorf("a second deployment ended with %d %s: %s", r.Code, r.Report.Outcome, r.Report.Message)
	}
	b.end(syscall.SIGINT)
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	s.prunes()
	if r := s.run(nil, "status"); r.Code != 0 || r.Report.Release == "" && len(r.Report.Containers) == 0 {
		t.Errorf("status: %d %s", r.Code, r.Report.Message)
	}
	if r := s.back(0, model.Promoted); r.Report.Live != model.Blue {
		t.Errorf("live %q", r.Report.Live)
	}
}

// The command of nginx's container writes the live file at each start, so that a switch would be lost at the next one. What
// it does cannot be told by reading, which is said, and is found by trying a start.
func TestStartThatWritesTheFile(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{})
	s.deploys(0, model.Started, nil, "blue")
	s.nginx("-v", filepath.Dir(s.Conf)+":/etc/nginx/conf.d", s.Image, "sh", "-c",
		"sed -i 's/was-green:3002/was-blue:3000/; s/signal-green:3003/signal-blue:3001/' /etc/nginx/conf.d/default.conf; exec nginx -g 'daemon off;'")
	s.untouched(func() {
		r := s.deploys(0, model.Planned, []string{"VERSION=v2"}, "--dry-run")
		if !hasFinding(r, "start-not-checked") {
			t.Errorf("the dry run does not say it: %v", r.Report.Findings)
		}
		found := map[string]model.Finding{}
		for _, f := range s.run([]string{"VERSION=v2"}, "doctor", "--try-restart").Report.Findings {
			found[f.Code] = f
		}
		has(t, found, "restart-undoes")
	})
}

// nginx on the host's network, and services behind ports that they publish on the IPv6 loopback.
func TestIPv6(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	published := hostPorts(t, "was-blue", "was-green", "signal-blue", "signal-green")
	s := newShop(t, stand.Options{Edit: func(_, text string) string {
		for name, port := range published {
			text = strings.Replace(text, "  "+name+":\n", fmt.Sprintf("  %s:\n    ports: [\"[::1]:%d:%d\"]\n", name, port, inside[name]), 1)
		}
		return text
	}})
	s.deploys(0, model.Started, nil, "blue")
	conf := strings.Replace(s.conf(), "listen       80", "listen "+strings.TrimPrefix(s.URL, "http://"), 1)
	for name, port := range published {
		conf = strings.ReplaceAll(conf, fmt.Sprintf("%s:%d", name, inside[name]), "[::1]:"+strconv.Itoa(port))
	}
	if err := os.WriteFile(s.Conf, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	docker(t, "run", "-d", "--name", s.Nginx, "--network", "host", "-v", filepath.Dir(s.Conf)+":/etc/nginx/conf.d", s.Image)
	if err := s.AwaitNginx(); err != nil {
		t.Fatal(err)
	}
	stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive}})
	for _, colour := range []string{"green", "blue"} {
		s.deploys(0, model.Promoted, []string{"VERSION=v2"}, colour)
		if want := fmt.Sprintf("[::1]:%d ", published["was-"+colour]); !strings.Contains(s.conf(), want) {
			t.Errorf("the file does not name %s:\n%s", want, s.conf())
		}
	}
	record := stop()
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive)
	colours(t, record, "blue", "green", "blue")
}

// Where a switch reloads nothing, a stream stays open to the colour that was left running: the next deployment, which would
// replace its containers, is refused, and says how to cut it.
func TestStreamBehindAFlag(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{})
	s.first(only(stand.Ways(), func(w stand.Way) bool { return w.Name == "flag" && w.Suits("1.30") })[0])
	config := readFile(t, filepath.Join(s.Dir, "bluegate.yml"))
	s.config(config + "old: {keep: running}\n")
	end := s.stream()
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	box := s.Name + "-was-blue-1"
	before := inspect(t, box, "{{.Id}}")
	for _, args := range [][]string{{"--dry-run"}, nil} {
		r := s.deploys(3, model.Refused, []string{"VERSION=v3"}, args...)
		if why := r.Report.Reasons[0]; why.Code != model.StillDraining || !strings.Contains(why.Message, box) || !strings.Contains(why.Message, "settle --cut") {
			t.Errorf("the reason is %s", why)
		}
	}
	if got := inspect(t, box, "{{.Id}}"); got != before {
		t.Errorf("%s was replaced", box)
	}
	if err := end(); err != nil {
		t.Errorf("the stream was cut: %v", err)
	}
}

// A container that serves has the name that a new one is to have, because it was started as part of another project. What is
// proposed takes nothing away from users.
func TestNameOfWhatServes(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{Edit: func(colour, text string) string {
		return withDatabase(text, "container_name: "+projectIn(text)+"-db")
	}})
	db := s.Name + "-db"
	docker(t, "run", "-d", "--name", db, "--network", s.Name, "--label", "com.docker.compose.project="+s.Name+"-other", "--label", "com.docker.compose.service=db", "-e", "SERVICE=db", "-e", "PORT=4000", "bluegate-shop:v1")
	t.Cleanup(func() { docker(t, "rm", "-f", db) })
	r := s.run(nil, "deploy", "blue")
	text := r.Stdout + r.Stderr
	if r.Code == 0 || strings.Contains(text, "docker rm") || !strings.Contains(text, s.Name+"-other") {
		t.Errorf("exit %d: %s", r.Code, text)
	}
	if state := inspect(t, db, "{{.State.Status}}"); state != "running" {
		t.Errorf("%s is %s", db, state)
	}
}

// An nginx that mentions a service and is on none of the application's networks is not overlooked: nobody reads that there is
// no nginx.
func TestNginxOnAnotherNetwork(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{})
	conf := "server { listen 80; resolver 127.0.0.11; location / { set $was was-blue:3000; proxy_pass http://$was; } }\n"
	if err := os.WriteFile(s.Conf, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	docker(t, "run", "-d", "--name", s.Nginx, "-v", filepath.Dir(s.Conf)+":/etc/nginx/conf.d", s.Image)
	r := s.deploys(0, model.Planned, nil, "blue", "--dry-run")
	if !hasFinding(r, "nginx-elsewhere") || !strings.Contains(r.Report.LiveBy, s.Nginx) {
		t.Errorf("%s; %v", r.Report.LiveBy, r.Report.Findings)
	}
	if text, err := s.Run(t.Context(), nil, "deploy", "blue", "--dry-run"); err != nil || !strings.Contains(text.Stdout, s.Nginx) {
		t.Errorf("%v:\n%s", err, text.Stdout)
	}
}
