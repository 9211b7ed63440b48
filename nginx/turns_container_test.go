package nginx

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"bluegate/deploy/model"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
)

// elsewhere is where other sites' files come to: every container has a folder there that it may write to, whatever its
// root is.
const elsewhere = "include /dev/shm/*.conf;\n"

// site is nginx in a container. The configuration must name blue, and include what is elsewhere.
func (b *bench) site(x box, settings mode.Settings) (*site, *shop) {
	b.t.Helper()
	s := &shop{bench: b}
	s.blue, s.green = b.colours()
	x.name = "edge"
	s.id = b.nginx(x)
	return &site{T: b.t,
		plan: func() (*observed, model.Change) {
			b.t.Helper()
			s.green = b.container("was-green", s.green.ID)
			s.planned(settings)
			return s.router, s.change
		},
		targets: s.targets,
		colour: func() string {
			b.t.Helper()
			return s.colour()
		},
		state: func() string {
			return b.sh(s.id, "cd $(dirname $(readlink -f "+s.path+")); for f in * .[!.]*; do [ -e $f ] || continue; stat -L -c '%n %u:%g %a %Y' $f; readlink $f; cat $f; done; true")
		},
		edit: func() func() { return s.edited(x) },
		more: func(conf string) func() {
			b.sh(s.id, "printf '%s' '"+conf+"' >/dev/shm/more.conf")
			return func() { b.sh(s.id, "rm -f /dev/shm/more.conf") }
		},
		listen: func(port string) func() {
			id := b.listener(port, box{networks: []string{"container:" + s.id}})
			return func() { b.remove(id) }
		},
		strange: s.strange,
		restart: func() {
			wait := 0
			if err := b.engine.ContainerRestart(b.t.Context(), s.id, container.StopOptions{Timeout: &wait}); err != nil {
				b.t.Fatal(err)
			}
			b.serves(s.id)
		},
		hold: s.hold,
	}, s
}

// planned reads the configuration with a router of its own, plans and rehearses.
func (s *shop) planned(settings mode.Settings) {
	s.t.Helper()
	var err error
	if s.router, s.route, err = observeWith(s.t.Context(), s.bench.router(instance.Options{Container: s.name("edge"), Settings: settings}), s.directory()); err != nil || s.route.Names != model.Blue {
		s.t.Fatalf("%+v, %v", s.route, err)
	}
	if s.change, err = s.router.Plan(s.directory(), model.Green); err != nil {
		s.t.Fatal(err)
	}
	s.path = s.change.Files[0].Path
	s.rehearse()
}

// colour waits for nginx to answer at all: it may have been restarted just now.
func (s *shop) colour() (colour string) {
	s.t.Helper()
	c := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	s.eventually("nginx answers", func() error {
		resp, err := c.Get("http://" + s.container("edge", s.id).Addresses[s.net] + "/")
		if err != nil {
			return err
		}
		colour = resp.Header.Get("X-Colour")
		return resp.Body.Close()
	})
	return colour
}

// edited saves the file that is going to change as someone has it in an editor. Where nginx's mount is read-only, that
// is on the host.
func (s *shop) edited(x box) (undo func()) {
	s.t.Helper()
	old := s.change.Files[0]
	if len(x.mounts) > 0 && x.mounts[0].ReadOnly && strings.HasPrefix(s.path, x.mounts[0].Target) {
		return edited(s.t, strings.Replace(s.path, x.mounts[0].Target, x.mounts[0].Source, 1), old)
	}
	save := func(text string) { s.sh(s.id, "cat >"+s.path+" <<'END'\n"+text+"END\n") }
	save(string(old.Old) + "# by hand\n")
	return func() {
		if old.Old == nil {
			s.sh(s.id, "rm "+s.path)
			return
		}
		save(string(old.Old))
		s.sh(s.id, fmt.Sprintf("touch -d @%d %s", old.OldTime.Unix(), s.path))
	}
}

// edited is the same for a file of this machine.
func edited(t *testing.T, file string, old model.FileChange) (undo func()) {
	t.Helper()
	write(t, file, string(old.Old)+"# by hand\n")
	return func() {
		write(t, file, string(old.Old))
		if err := os.Chtimes(file, old.OldTime, old.OldTime); err != nil {
			t.Fatal(err)
		}
	}
}

// strange has another container answer to green's name, as when that ended and the name was given away.
func (s *shop) strange() (undo func()) {
	s.t.Helper()
	ctx := s.t.Context()
	if err := s.engine.NetworkDisconnect(ctx, s.net, s.green.ID, true); err != nil {
		s.t.Fatal(err)
	}
	id := s.listener("3000", box{env: []string{"COLOUR=stranger"}, aliases: []string{"was-green"}})
	return func() {
		s.remove(id)
		if err := s.engine.NetworkConnect(ctx, s.net, s.green.ID, &network.EndpointSettings{Aliases: []string{"was-green"}}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// listener runs something that accepts at a port.
func (b *bench) listener(port string, x box) (id string) {
	b.t.Helper()
	x.name, x.image, x.env = rand.Text(), shopImage, append(x.env, "PORT="+port)
	id = b.run(x)
	b.eventually("it listens", func() error {
		if log := b.log(id); !strings.Contains(log, ":"+port) {
			return fmt.Errorf("it says %q", log)
		}
		return nil
	})
	return id
}

func (b *bench) remove(id string) {
	b.t.Helper()
	if err := b.engine.ContainerRemove(b.t.Context(), id, container.RemoveOptions{Force: true}); err != nil {
		b.t.Fatal(err)
	}
}

// hold stops the master for as long as its proof is waited for, and a moment longer. It is not the first process of its
// container, which the kernel spares.
func (s *shop) hold() (leave func()) {
	s.t.Helper()
	signal := func(name string) { s.sh(s.id, "kill -"+name+" $(cat /run/nginx.pid)") }
	signal("STOP")
	let := make(chan struct{})
	time.AfterFunc(s.router.limit+time.Second, func() { signal("CONT"); close(let) })
	return func() { <-let }
}

// However the configuration is kept.
func TestWrongTurnsOfStorages(t *testing.T) {
	t.Parallel()
	for row, name := range []string{"folder", "read-only folder", "single file", "volume", "own layer", "tmpfs", "link within a mounted folder"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			x := storages[name](b, edge("was-blue:3000")[confPath]+elsewhere)
			s, shop := b.site(x, mode.Settings{})
			s.meetsAll(row, turns...)
			shop.persists(x)
		})
	}
}

// persists wants green to continue being served by an nginx that is restarted, and by a container that is recreated; or
// that it was told before the switch that it will not be.
func (s *shop) persists(x box) {
	s.t.Helper()
	told := ""
	for _, f := range s.route.Findings {
		if f.Code == "not-persistent" && f.Place == s.path {
			told = f.Message
		}
	}
	for _, again := range []struct {
		how string
		do  func()
	}{
		{"restarted", func() { s.docker("restart", "-t", "0", s.id) }},
		{"made anew", func() {
			s.remove(s.id)
			x.name = "edge"
			s.id = s.run(x)
		}},
	} {
		again.do()
		s.bench.serves(s.id)
		lost := strings.Contains(told, again.how) || strings.Contains(told, "restarted") // what a restart loses, a new container has lost
		if got := s.colour(); got != "green" && !lost || got == "green" && lost {
			s.t.Errorf("%s, %q answers, and it was told: %q", again.how, got, told)
		}
	}
}

// What happens to single files only: the host's file is another one than nginx has mounted, with the same bytes or not.
func TestWrongTurnsOfASingleFile(t *testing.T) {
	t.Parallel()
	replaced := func(more string) func(s *shop, file string) {
		return func(s *shop, file string) {
			write(s.t, file+".new", string(s.change.Files[0].Old)+more)
			if err := os.Rename(file+".new", file); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	for name, replace := range map[string]func(s *shop, file string){"other bytes": replaced("# by hand\n"), "the same bytes": replaced("")} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			x := storages["single file"](b, edge("was-blue:3000")[confPath])
			s, shop := b.site(x, mode.Settings{})
			r, change := s.plan()
			replace(shop, x.mounts[0].Source)
			was, inside := read(t, x.mounts[0].Source), s.state()
			_, err := r.Switch(t.Context(), change, s.targets(), begun)
			var failed *model.NotSwitchedError
			if !errors.As(err, &failed) || failed.Applied || failed.Restored != nil {
				t.Errorf("%+v", err)
			}
			if got := s.colour(); got != "blue" {
				t.Errorf("%q answers", got)
			}
			if now := read(t, x.mounts[0].Source); now != was || s.state() != inside {
				t.Errorf("the host has\n%s\nand had\n%s\nnginx sees\n%s\nand saw\n%s", now, was, s.state(), inside)
			}
		})
	}
}

// However nginx is switched.
func TestWrongTurnsOfModes(t *testing.T) {
	t.Parallel()
	all := modes()
	for row, name := range slices.Sorted(maps.Keys(all)) {
		mode := all[name]
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			x := storages["folder"](b, mode.site+elsewhere)
			for file, content := range mode.files {
				if target, ok := strings.CutPrefix(content, "-> "); ok {
					if err := os.Symlink(target, x.mounts[0].Source+"/"+file); err != nil {
						t.Fatal(err)
					}
				} else {
					write(t, x.mounts[0].Source+"/"+file, content)
				}
			}
			s, shop := b.site(x, mode.settings)
			s.meetsAll(row, mode.meets(func() { b.sh(shop.id, "ln -sfn upstream-blue.site "+shop.path) })...)
		})
	}
}

// modeOfTest is a way to switch, with its files while blue is live.
type modeOfTest struct {
	settings mode.Settings
	site     string
	files    map[string]string
	flag     bool
}

// meets are the turns that a mode can meet: where nothing is reloaded, none that has to do with that; and where a link
// is pointed elsewhere, that someone points it back, and not that he writes through it.
func (m modeOfTest) meets(again func()) (all []turn) {
	for _, turn := range turns {
		switch {
		case m.flag && (turn.at > looked || strings.Contains(turn.name, "another site")):
			continue
		case m.settings.Mode == "link" && turn.kept:
			turn.kept, turn.do = false, func(*site) func() { again(); return nil }
		}
		all = append(all, turn)
	}
	return all
}

func modes() map[string]modeOfTest {
	const to = "/etc/nginx/conf.d/upstream.conf"
	upstream, from := both("upstream was { server was-{colour}:3000; }\n"), both("/etc/nginx/conf.d/upstream-{colour}.site")
	prepared := func(live string) map[string]string {
		return map[string]string{"upstream.conf": live, "upstream-blue.site": upstream[model.Blue], "upstream-green.site": upstream[model.Green]}
	}
	const site = "server { listen 80; location / { proxy_pass http://was; } }\n"
	return map[string]modeOfTest{
		"edit": {site: edge("was-blue:3000")[confPath]},
		"values": {settings: mode.Settings{Values: []string{"was"}},
			site: "server { listen 80; resolver 127.0.0.11 valid=1s ipv6=off; set $was was-blue:3000; location / { proxy_pass http://$was; } }\n"},
		"copy":     {settings: mode.Settings{Mode: "copy", From: from, To: to}, site: site, files: prepared(upstream[model.Blue])},
		"template": {settings: mode.Settings{Mode: "template", Text: upstream, To: to}, site: site, files: map[string]string{"upstream.conf": upstream[model.Blue]}},
		"link":     {settings: mode.Settings{Mode: "link", From: from, To: to}, site: site, files: prepared("-> upstream-blue.site")},
		"managed": {settings: mode.Settings{Mode: "managed", Upstreams: map[model.Colour]map[string]string{model.Blue: {"was": "was-blue:3000"}, model.Green: {"was": "was-green:3000"}}, Listen: "127.0.0.1:8098"},
			site: site, files: map[string]string{"00-bluegate.conf": string(mode.ManagedFile{Colour: model.Blue, SwitchID: mode.NewSwitchID(), Upstreams: map[string]string{"was": "was-blue:3000"}, Listen: "127.0.0.1:8098"}.Render())}},
		"flag": {settings: mode.Settings{Mode: "flag", To: "/etc/nginx/conf.d/green.on"}, flag: true,
			site: "resolver 127.0.0.11 valid=1s ipv6=off;\nresolver_timeout 1s;\nupstream was_blue { zone was_blue 64k; server was-blue:3000 resolve; }\nupstream was_green { zone was_green 64k; server was-green:3000 resolve; }\n" +
				"server { listen 80; set $bg blue; if (-f /etc/nginx/conf.d/green.on) { set $bg green; } location / { proxy_pass http://was_$bg; } }\n"},
	}
}

// Wherever nginx is in its container.
func TestWrongTurnsOfPlaces(t *testing.T) {
	t.Parallel()
	main := "user nginx; pid /run/shop.pid; events {}\nhttp { include conf.d/*.conf; }\n"
	withInit := func(h *container.HostConfig) { yes := true; h.Init = &yes }
	places := map[string]box{
		"shell":          {cmd: []string{"sh", "-c", "nginx -g 'daemon off;'; true"}},
		"init":           {host: withInit},
		"another path":   {cmd: []string{"nginx", "-c", "/etc/nginx/shop.conf", "-g", "daemon off;"}, files: map[string]string{"/etc/nginx/shop.conf": main}},
		"another prefix": {cmd: []string{"nginx", "-p", "/etc/nginx/", "-c", "shop.conf", "-g", "daemon off;"}, files: map[string]string{"/etc/nginx/shop.conf": main, "/etc/nginx/logs/x": ""}},
	}
	for row, name := range slices.Sorted(maps.Keys(places)) {
		x := places[name]
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			x.mounts = storages["folder"](b, edge("was-blue:3000")[confPath]+elsewhere).mounts
			s, _ := b.site(x, mode.Settings{})
			all := turns
			if name == "shell" || name == "init" { // where nginx itself passes the signal on
				all = slices.Concat(turns, []turn{noPidFile(b), pidOfAnother(b)})
			}
			if name == "init" {
				all = append(all, held)
			}
			s.meetsAll(row, all...)
		})
	}
}

// nginx -s reload signals whatever process that file names.
func noPidFile(b *bench) turn {
	return turn{name: "the pid file is gone", at: rehearsed, do: func(*site) func() {
		id := b.find("edge")
		pid := b.sh(id, "cat /run/nginx.pid; rm /run/nginx.pid")
		return func() { b.sh(id, "echo "+strings.TrimSpace(pid)+" >/run/nginx.pid") }
	}}
}

func pidOfAnother(b *bench) turn {
	// The agent signals the master that it sees, whatever the file says.
	return turn{name: "the pid file names another process", at: rehearsed, do: func(*site) func() {
		id := b.find("edge")
		pid := b.sh(id, "cat /run/nginx.pid; (trap '' HUP; exec sleep 100) >/dev/null 2>&1 & echo $! >/run/nginx.pid")
		return func() { b.sh(id, "kill $(cat /run/nginx.pid); echo "+strings.TrimSpace(pid)+" >/run/nginx.pid") }
	}}
}

// find is the id of the container of that name.
func (b *bench) find(name string) string {
	b.t.Helper()
	info, err := b.engine.ContainerInspect(b.t.Context(), b.name(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return info.ID
}
