package nginx

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/client"

	"bluegate/deploy/model"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/instance"
)

// Whoever nginx runs as, and whatever started it: it is found, tested, switched, proven and taken back.
func TestSwitchWhateverNginxIs(t *testing.T) {
	// As nginx-unprivileged has it.
	unprivileged := "pid /tmp/nginx.pid;\nevents {}\nhttp { client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e; access_log off; error_log /dev/stderr;\n include /etc/nginx/conf.d/*.conf; }\n"
	for name, x := range map[string]box{
		"master of a user":     {user: "101", cmd: []string{"nginx", "-e", "/dev/stderr", "-g", "daemon off;"}, files: map[string]string{"/etc/nginx/nginx.conf": unprivileged}},
		"the host's processes": {host: func(h *container.HostConfig) { h.PidMode = "host" }},
		"a path of Bitnami's": {cmd: []string{"nginx", "-c", "/opt/bitnami/nginx/conf/nginx.conf", "-g", "daemon off;"},
			files: map[string]string{"/opt/bitnami/nginx/conf/nginx.conf": "user nginx; events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n"}},
		// In the agent's image there is nothing at that path.
		"absolute links": {files: map[string]string{"/etc/nginx/nginx.conf": "user nginx; events {}\nhttp { include sites/*.conf; }\n", "/etc/nginx/sites": "-> /srv/sites", "/srv/sites/shop.conf": "-> /srv/shop"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if x.files == nil {
				x.files = map[string]string{}
			}
			at := confPath
			if name == "absolute links" {
				at = "/srv/shop"
			}
			x.files[at] = edge("was-blue:3000")[confPath]
			s := b.newShop(x)
			s.rehearse()
			s.switchOver()
			s.serves("green")
			if err := s.router.Restore(t.Context(), s.change); err != nil {
				t.Fatal(err)
			}
			s.serves("blue")
		})
	}
}

// A folder of nginx's configuration may hold databases and logs, far more than is copied to test a configuration.
func TestSwitchNextToLargeFiles(t *testing.T) {
	b := newBench(t)
	dir := b.folder("geo $remote_addr $zone { include /etc/nginx/conf.d/zones.txt; }\n" + edge("was-blue:3000")[confPath])
	zones := bytes.Repeat([]byte("# a zone\n"), 300_000) // which nginx reads
	if err := os.WriteFile(filepath.Join(dir, "zones.txt"), append(zones, []byte("127.0.0.1 here;\n")...), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"GeoIP.mmdb", "access.log"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(dir, name), 80<<20); err != nil {
			t.Fatal(err)
		}
	}
	s := b.newShop(box{mounts: []mount.Mount{{Type: mount.TypeBind, Source: dir, Target: "/etc/nginx/conf.d"}}})
	s.rehearse()
	s.switchOver()
	s.serves("green")

	// The test of the coming configuration is a real one.
	broken := s.change
	broken.Files = []model.FileChange{{Path: confPath, Old: s.change.Files[0].New, New: append(bytes.Clone(s.change.Files[0].New), []byte("servr {}\n")...)}}
	_, err := s.router.Rehearse(t.Context(), broken, already())
	var refused *model.RefusedError
	if !errors.As(err, &refused) || refused.Reasons[0].Code != model.NginxTestFailed || !strings.Contains(err.Error(), "servr") {
		t.Errorf("a broken configuration: %v", err)
	}
}

// Where a copy of the present configuration fails too, the coming one was not tested, and that is said; nothing is refused.
func TestConfigurationThatCannotBeTested(t *testing.T) {
	b := newBench(t)
	// Only the nginx that runs has this file: its folder is in no mount, and it was taken away since.
	x := storages["folder"](b, edge("was-blue:3000")[confPath])
	x.files = map[string]string{"/srv/once/extra.conf": "map $uri $extra { default 1; }\n"}
	conf := x.mounts[0].Source + "/default.conf"
	write(t, conf, "include /srv/once/extra.conf;\n"+read(t, conf))
	s := b.newShop(x)
	findings, err := s.router.Rehearse(t.Context(), s.change, already())
	if err != nil || len(findings) != 1 || findings[0].Code != "config-not-tested" || !strings.Contains(findings[0].Message, "extra.conf") {
		t.Errorf("%+v, %v", findings, err)
	}
	s.switchOver()
	s.serves("green")
}

// BusyBox's ps has these columns only, and it is the ps of Alpine's and docker:dind's machines.
func TestProcessesAreListedWithAnyPs(t *testing.T) {
	b := newBench(t)
	b.colours()
	id := b.nginx(box{name: "edge", files: edge("was-blue:3000")})
	asked := ""
	engine, err := client.NewClientWithOpts(client.FromEnv, client.WithVersion(b.engine.ClientVersion()), client.WithHTTPClient(&http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/top") {
			asked = req.URL.Query().Get("ps_args")
		}
		return b.engine.HTTPClient().Transport.RoundTrip(req)
	})}))
	if err != nil {
		t.Fatal(err)
	}
	c, err := incontainer.Open(t.Context(), engine, instance.Options{Helper: helperBinary}, b.id, id)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if asked != "-eo pid,ppid,args" {
		t.Errorf("the engine's ps is asked for %q", asked)
	}
	if err := c.Attach(t.Context()); err != nil {
		t.Fatal(err)
	}
	now, err := c.Processes(t.Context())
	if err != nil || now.Master.Started == 0 || len(now.Workers) == 0 {
		t.Errorf("the agent sees %+v, %v", now, err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A runtime that gives each container a kernel of its own is named.
func TestRuntimeOfItsOwnKernel(t *testing.T) {
	for runtime, refused := range map[string]bool{"": false, "runc": false, "crun": false, "runsc": true, "kata-runtime": true, "io.containerd.kata.v2": true} {
		c := &incontainer.Nginx{Name: "edge"}
		c.Info.ContainerJSONBase = &container.ContainerJSONBase{HostConfig: &container.HostConfig{Runtime: runtime}}
		err := c.JoinNamespaces(&container.HostConfig{})
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), runtime) {
			t.Errorf("%q: %v", runtime, err)
		}
	}
}

// An agent in a PID namespace that is not nginx's own outlives nginx: after a restart of nginx another one takes its place,
// in the network that nginx has now.
func TestRestartedInAPIDNamespaceOfOthers(t *testing.T) {
	for _, name := range []string{"the host's", "another container's"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			mode := container.PidMode("host")
			if name != "the host's" {
				mode = container.PidMode("container:" + b.run(box{name: "pids", cmd: []string{"sleep", "600"}}))
			}
			s := b.newShop(box{host: func(h *container.HostConfig) { h.PidMode = mode }, files: edge("was-blue:3000")})
			s.rehearse()
			b.docker("restart", "-t", "0", s.id)
			b.serves(s.id)
			if now, err := s.router.found.Processes(t.Context()); err != nil || len(now.Workers) == 0 {
				t.Fatalf("after the restart: %+v, %v", now, err)
			}
			s.switchOver()
			s.serves("green")
		})
	}
}
