package nginx

import (
	"context"
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
	"github.com/docker/docker/api/types/mount"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/instance"
	"bluegate/testdata/sample"
)

const confPath = "/etc/nginx/conf.d/default.conf"

// shop is nginx in front of both colours, and a change from blue to green that was not made yet.
type shop struct {
	*bench
	id          string
	path        string // of the file that is going to change
	router      *observed
	route       model.Route
	change      model.Change
	blue, green model.Container
}

// newShop runs nginx as it is described. The configuration must name blue.
func (b *bench) newShop(x box) *shop {
	b.t.Helper()
	s := &shop{bench: b}
	s.blue, s.green = b.colours()
	x.name = "edge"
	s.id = b.nginx(x)
	s.plan()
	return s
}

func (s *shop) plan() {
	s.t.Helper()
	s.router, s.route = s.observed("edge")
	var err error
	if s.change, err = s.router.Plan(s.directory(), model.Green); err != nil {
		s.t.Fatal(err)
	}
	if s.route.Names != model.Blue || s.change.Points != 1 {
		s.t.Fatalf("%+v, %+v", s.route, s.change)
	}
	s.path = s.change.Files[0].Path
}

func (s *shop) targets() []model.Target {
	return []model.Target{{Endpoint: s.change.Routes[0], Containers: []model.Container{s.green}}}
}

func (s *shop) rehearse() {
	s.t.Helper()
	if _, err := s.router.Rehearse(s.t.Context(), s.change, already()); err != nil {
		s.t.Fatalf("rehearse: %v", err)
	}
}

// switchOver must succeed.
func (s *shop) switchOver() model.Switched {
	s.t.Helper()
	s.rehearse()
	done, err := s.switchNow()
	if err != nil {
		s.t.Fatalf("switch: %v\nnginx's log:\n%s", err, s.log(s.id))
	}
	return done
}

// answers is the colour that answers a request on a connection of its own.
func (s *shop) answers() string {
	s.t.Helper()
	c := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Get("http://" + s.container("edge", s.id).Addresses[s.net] + "/")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.Header.Get("X-Colour")
}

func (s *shop) serves(colour string) {
	s.t.Helper()
	if got := s.answers(); got != colour {
		s.t.Errorf("%q answers, want %s", got, colour)
	}
}

func (b *bench) volume(name string) string {
	b.t.Helper()
	name = b.name(name)
	b.docker("volume", "create", "--label", testLabel+"="+b.id, name)
	b.t.Cleanup(func() { _ = b.engine.VolumeRemove(context.Background(), name, true) })
	return name
}

// storages are the ways to keep nginx's configuration.
var storages = map[string]func(b *bench, conf string) box{
	"folder": func(b *bench, conf string) box {
		return box{mounts: []mount.Mount{{Type: mount.TypeBind, Source: b.folder(conf), Target: "/etc/nginx/conf.d"}}}
	},
	"read-only folder": func(b *bench, conf string) box {
		return box{mounts: []mount.Mount{{Type: mount.TypeBind, Source: b.folder(conf), Target: "/etc/nginx/conf.d", ReadOnly: true}}}
	},
	"single file": func(b *bench, conf string) box {
		return box{mounts: []mount.Mount{{Type: mount.TypeBind, Source: b.folder(conf) + "/default.conf", Target: confPath}}}
	},
	"read-only single file": func(b *bench, conf string) box {
		return box{mounts: []mount.Mount{{Type: mount.TypeBind, Source: b.folder(conf) + "/default.conf", Target: confPath, ReadOnly: true}}}
	},
	"volume": func(b *bench, conf string) box {
		name := b.volume("conf")
		b.run(box{name: "fill", created: true, files: map[string]string{confPath: conf}, mounts: []mount.Mount{{Type: mount.TypeVolume, Source: name, Target: "/etc/nginx/conf.d"}}})
		return box{mounts: []mount.Mount{{Type: mount.TypeVolume, Source: name, Target: "/etc/nginx/conf.d"}}}
	},
	"own layer": func(_ *bench, conf string) box { return box{files: map[string]string{confPath: conf}} },
	"link in the own layer to a mounted file": func(b *bench, conf string) box {
		return box{files: map[string]string{confPath: "-> /srv/shop/default.conf"},
			mounts: []mount.Mount{{Type: mount.TypeBind, Source: b.folder(conf), Target: "/srv/shop"}}}
	},
	"tmpfs": func(b *bench, conf string) box {
		return box{cmd: []string{"sh", "-c", "[ -e /etc/nginx/conf.d/default.conf ] || cp -p /srv/shop/default.conf /etc/nginx/conf.d/ && exec nginx -g 'daemon off;'"},
			mounts: []mount.Mount{{Type: mount.TypeBind, Source: b.folder(conf), Target: "/srv/shop", ReadOnly: true}},
			host: func(h *container.HostConfig) {
				h.ReadonlyRootfs = true
				h.Tmpfs = map[string]string{"/etc/nginx/conf.d": "", "/run": "", "/tmp": "", "/var/lib/nginx": "", "/var/log/nginx": ""}
			}}
	},
	"linked folder": func(b *bench, conf string) box {
		return box{files: map[string]string{"/etc/nginx/linked": "-> /srv/shop", "/etc/nginx/nginx.conf": "user nginx; events {}\nhttp { include linked/*.conf; }\n"},
			mounts: []mount.Mount{{Type: mount.TypeBind, Source: b.folder(conf), Target: "/srv/shop"}}}
	},
	"link within a mounted folder": func(b *bench, conf string) box {
		dir := b.folder(conf)
		if err := errors.Join(os.Rename(dir+"/default.conf", dir+"/shop"), os.Symlink("shop", dir+"/default.conf")); err != nil {
			b.t.Fatal(err)
		}
		return box{mounts: []mount.Mount{{Type: mount.TypeBind, Source: dir, Target: "/etc/nginx/conf.d"}}}
	},
}

// folder is one of the host with the configuration in it.
func (b *bench) folder(conf string) string {
	b.t.Helper()
	dir := b.t.TempDir()
	write(b.t, dir+"/default.conf", conf)
	if err := os.Chmod(dir, 0o755); err != nil { // workers and helpers are other users
		b.t.Fatal(err)
	}
	return dir
}

func TestSwitchWhereverTheFileLies(t *testing.T) {
	for _, name := range sample.Rows(t, slices.Sorted(maps.Keys(storages)), 3) {
		storage := storages[name]
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			conf := "# blue: was-blue:3000\r\n" + edge("was-blue:3000")[confPath]
			x := storage(b, conf)
			s := b.newShop(x)
			if !strings.HasPrefix(name, "read-only") {
				b.sh(s.id, "chown 101:12 $(readlink -f "+s.path+"); chmod 640 $(readlink -f "+s.path+")")
			}
			state := func() string {
				return b.sh(s.id, "stat -L -c '%u:%g %a' "+s.path+"; ls -la "+s.path+" | cut -c1; ls -A $(dirname "+s.path+"); cat "+s.path)
			}
			before := state()
			s.serves("blue")

			done := s.switchOver()
			s.serves("green")
			if want := strings.Replace(before, "server was-blue:3000", "server was-green:3000", 1); state() != want {
				t.Errorf("now\n%s\nwant\n%s", state(), want)
			}
			if done.Points != 1 || !slices.Equal(done.Files, []string{s.path}) || done.NewWorkers == 0 || done.OldWorkers == 0 || len(done.Proof) == 0 || done.Nginx != s.route.Nginx {
				t.Errorf("%+v", done)
			}
			if _, route := s.observed("edge"); route.Names != model.Green || route.Refusal != nil {
				t.Errorf("after the switch: %+v", route)
			}

			if err := s.router.Restore(t.Context(), s.change); err != nil {
				t.Fatal(err)
			}
			s.serves("blue")
			if state() != before {
				t.Errorf("back\n%s\nwas\n%s", state(), before)
			}
			if e, _, err := s.router.found.Files(t.Context()).Entry(s.path); err != nil || !e.ModTime.Truncate(time.Second).Equal(s.change.Files[0].OldTime.Truncate(time.Second)) {
				t.Errorf("what was put back has the time %s, had %s, %v", e.ModTime, s.change.Files[0].OldTime, err)
			}
			s.leavesNothing()
		})
	}
}

// leavesNothing closes the router; what it made is gone then.
func (s *shop) leavesNothing() {
	s.t.Helper()
	if err := s.router.Close(s.t.Context()); err != nil {
		s.t.Errorf("close: %v", err)
	}
	rows, err := s.engine.ContainerList(s.t.Context(), container.ListOptions{All: true})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, row := range rows {
		if row.Labels[engine.SweepLabel] != "" {
			s.t.Errorf("%v is left", row.Names)
		}
	}
}

// agent is the id of the agent's container.
func (s *shop) agent() string {
	s.t.Helper()
	return s.docker("ps", "-q", "--no-trunc", "--filter", "label="+engine.SweepLabel+"="+s.bench.id, "--filter", "name=bluegate-helper")
}

// The configuration is read again in the middle of a deployment; what was prepared stays, and Close removes it.
func TestObserveKeepsTheHelper(t *testing.T) {
	b := newBench(t)
	s := b.newShop(storages["folder"](b, edge("was-blue:3000")[confPath]))
	s.rehearse()
	helper := s.agent()
	var err error
	if s.router, _, err = observeWith(t.Context(), s.router.Router, s.directory()); err != nil {
		t.Fatal(err)
	}
	if !s.router.found.Prepared() || s.agent() != helper {
		t.Error("the helper was lost")
	}
	if err := s.router.Reach(t.Context(), s.targets()); err != nil {
		t.Error(err)
	}
	b.docker("restart", "-t", "0", s.id)
	b.serves(s.id)
	if s.router, _, err = observeWith(t.Context(), s.router.Router, s.directory()); err != nil || s.agent() == helper {
		t.Errorf("nginx has other namespaces, and the agent stayed in the old ones: %v", err)
	}
	s.leavesNothing()
}

// notSwitched switches, and must be told that this was undone.
func (s *shop) notSwitched() *model.NotSwitchedError {
	s.t.Helper()
	_, err := s.switchNow()
	var failed *model.NotSwitchedError
	if !errors.As(err, &failed) {
		s.t.Fatalf("got %v\nnginx's log:\n%s", err, s.log(s.id))
	}
	return failed
}

// nginx takes the signal, says nothing that a caller could see, and continues with what it had.
func TestSwitchThatNginxDoesNotApply(t *testing.T) {
	b := newBench(t)
	x := storages["folder"](b, edge("was-blue:3000")[confPath])
	s := b.newShop(x)
	// A port that the coming configuration listens on is taken by another process of the namespace.
	write(t, x.mounts[0].Source+"/ports.conf", "server { listen 8099; }\n")
	b.nginx(box{name: "squatter", networks: []string{"container:" + s.id}, files: map[string]string{"/etc/nginx/nginx.conf": "user nginx; events {}\nhttp { server { listen 8099; } }\n"}})
	s.rehearse()
	failed := s.notSwitched()
	if failed.Applied || failed.Restored != nil || failed.Reason.Code != model.NginxNotSwitched || !strings.Contains(failed.Reason.Message, "bind()") {
		t.Errorf("%+v", failed)
	}
	s.serves("blue")
	if got := b.sh(s.id, "cat "+confPath); !strings.Contains(got, "was-blue:3000") {
		t.Errorf("the file holds %q", got)
	}
	s.leavesNothing()
}

func TestSwitchDoesNotOverwriteAnEdit(t *testing.T) {
	b := newBench(t)
	x := storages["folder"](b, edge("was-blue:3000")[confPath])
	s := b.newShop(x)
	s.rehearse()
	edited := "# by hand\n" + edge("was-blue:3000")[confPath]
	edit := func() { write(t, x.mounts[0].Source+"/default.conf", edited) }
	_, err := after(edit, s.router.Switch)(t.Context(), s.change, s.targets(), begun)
	var failed *model.NotSwitchedError
	if !errors.As(err, &failed) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(failed.Error(), "someone else changed it") {
		t.Errorf("%v", failed)
	}
	if got := read(t, x.mounts[0].Source+"/default.conf"); got != edited {
		t.Errorf("the file holds %q", got)
	}
	if failed.Applied || failed.Restored != nil {
		t.Errorf("nothing was written, and still: applied %t, not restored because %v", failed.Applied, failed.Restored)
	}
	// An edit from before is noticed earlier. That the release cannot be reached is nothing that could be said of it then.
	nowhere := []model.Target{{Endpoint: model.Endpoint{Service: "was-green", Host: "was-green", Port: 1}}}
	begins := func(model.Change) error { t.Error("it was begun"); return nil }
	if _, err := s.router.Switch(t.Context(), s.change, nowhere, begins); !errors.Is(err, model.ErrChanged) {
		t.Errorf("an edited file is switched: %v", err)
	}
	s.serves("blue")
}

// The first process is not nginx: a shell ignores the signal, and an init passes it on to whatever is its child.
func TestSwitchBehindAnotherFirstProcess(t *testing.T) {
	for name, change := range map[string]func(*box){
		"shell": func(x *box) { x.cmd = []string{"sh", "-c", "nginx -g 'daemon off;'; true"} },
		"init": func(x *box) {
			x.host = func(h *container.HostConfig) { yes := true; h.Init = &yes }
		},
		"init and shell": func(x *box) {
			x.cmd = []string{"sh", "-c", "nginx -g 'daemon off;'; true"}
			x.host = func(h *container.HostConfig) { yes := true; h.Init = &yes }
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			x := storages["folder"](b, edge("was-blue:3000")[confPath])
			change(&x)
			s := b.newShop(x)
			s.switchOver()
			s.serves("green")
		})
	}
}

func TestCompare(t *testing.T) {
	b := newBench(t)
	x := storages["folder"](b, edge("was-blue:3000")[confPath])
	s := b.newShop(x)
	file := x.mounts[0].Source + "/default.conf"
	fate := func(want model.ChangeState, when string) {
		t.Helper()
		if got, err := s.router.Compare(t.Context(), s.change); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", when, got, err, want)
		}
	}
	fate(model.ChangeNotApplied, "before the write")

	// A reload that was there a moment before the write has not loaded it, however close they are.
	for range 3 {
		if err := s.router.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		write(t, file, string(s.change.Files[0].New))
		fate(model.ChangeWritten, "written right behind a reload")
		time.Sleep(1100 * time.Millisecond)
		fate(model.ChangeWritten, "and looked at later")
		write(t, file, string(s.change.Files[0].Old))
	}

	s.change.Workers = s.workers()
	write(t, file, string(s.change.Files[0].New))
	fate(model.ChangeWritten, "written, and the workers are those from before")
	if err := s.router.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	fate(model.ChangeLoaded, "and loaded at once")
	s.change.Workers = nil
	write(t, file, string(s.change.Files[0].Old))
	if err := s.router.load(t.Context()); err != nil {
		t.Fatal(err)
	}

	write(t, file, string(s.change.Files[0].New))
	time.Sleep(2500 * time.Millisecond)
	fate(model.ChangeWritten, "written and not loaded")
	if err := b.engine.ContainerKill(t.Context(), s.id, "HUP"); err != nil {
		t.Fatal(err)
	}
	b.eventually("it is loaded", func() error {
		if got, err := s.router.Compare(t.Context(), s.change); got != model.ChangeLoaded {
			return fmt.Errorf("%s, %v", got, err)
		}
		return nil
	})

	write(t, file, "# by hand\n")
	fate(model.ChangeConflict, "edited")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	fate(model.ChangeConflict, "removed")
	if got, err := New(b.engine, instance.Options{}).over(nil).Compare(t.Context(), s.change); got != model.ChangeNginxGone || err != nil {
		t.Errorf("without nginx: %q, %v", got, err)
	}
}
