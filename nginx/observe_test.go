package nginx

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/deploy/model"
	"bluegate/nginx/instance"
)

// observed is what a router sees of the container of that name.
func (b *bench) observed(name string) (*observed, model.Route) {
	b.t.Helper()
	r, route, err := observeWith(b.t.Context(), b.router(instance.Options{Container: b.name(name)}), b.directory())
	if err != nil {
		b.t.Fatal(err)
	}
	return r, route
}

// refuses fails the test unless the route cannot be switched, for that reason and in these words.
func refuses(t *testing.T, route model.Route, code model.Code, words ...string) {
	t.Helper()
	var refused *model.RefusedError
	if err := route.MaySwitch(route.Names.Other()); !errors.As(err, &refused) || refused.Reasons[0].Code != code {
		t.Errorf("refusal %v, want %s", err, code)
		return
	}
	for _, w := range words {
		if !strings.Contains(refused.Error(), w) {
			t.Errorf("%v does not say %q", refused, w)
		}
	}
}

func findings(route model.Route) (codes []string) {
	for _, f := range route.Findings {
		codes = append(codes, f.Code+" "+f.Place)
	}
	return codes
}

func TestObserve(t *testing.T) {
	b := newBench(t)
	b.colours()
	conf := edge("was-blue:3000")["/etc/nginx/conf.d/default.conf"] + "# was-blue in a comment\nadd_header X-Was was-blue:3000;\n"
	id := b.nginx(box{name: "edge", files: map[string]string{"/etc/nginx/conf.d/default.conf": conf}})
	_, route := b.observed("edge")
	if route.State != model.RouterRunning || route.Names != model.Blue || route.Refusal != nil || route.ID != id || route.Draining != 0 {
		t.Errorf("%+v", route)
	}
	if len(route.Points) != 1 || route.Points[0].Place != "/etc/nginx/conf.d/default.conf:1" || route.Points[0].Address != "was-blue:3000" {
		t.Errorf("points %+v", route.Points)
	}
	name := strings.Trim(strings.TrimPrefix(route.Nginx, "container "), `"`)
	if got := strings.Join(findings(route), ", "); got != "not-switched /etc/nginx/conf.d/default.conf:4, not-persistent /etc/nginx/conf.d/default.conf, nginx-no-restart-policy "+name {
		t.Errorf("findings %s", got)
	}
}

// A variable that carries the live colour's address would continue leading users there when that is stopped.
func TestObserveAnAddressInAVariable(t *testing.T) {
	b := newBench(t)
	b.colours()
	for name, more := range map[string]string{
		"map": "map $uri $m { default was-blue:3000; }\n",
		"set": "server { listen 81; set $to http://was-blue:3000; location / { proxy_pass $to; } }\n",
	} {
		b.nginx(box{name: "edge-" + name, files: map[string]string{"/etc/nginx/conf.d/default.conf": edge("was-blue:3000")["/etc/nginx/conf.d/default.conf"] + more}})
		_, route := b.observed("edge-" + name)
		refuses(t, route, model.AddressLeftOver, "/etc/nginx/conf.d/default.conf:3", "was-blue")
	}
}

func TestObserveMountedConfiguration(t *testing.T) {
	b := newBench(t)
	b.colours()
	dir := t.TempDir()
	write(t, dir+"/default.conf", edge("was-green:3000")["/etc/nginx/conf.d/default.conf"])
	b.nginx(box{name: "edge", mounts: []mount.Mount{{Type: mount.TypeBind, Source: dir, Target: "/etc/nginx/conf.d", ReadOnly: true}}})
	if _, route := b.observed("edge"); route.Names != model.Green || route.Refusal != nil || len(route.Findings) != 1 || route.Findings[0].Code != "nginx-no-restart-policy" {
		t.Errorf("%+v", route)
	}
}

// What runs is what was loaded, and that is older than the edit.
func TestObserveAnEditThatWasNotLoaded(t *testing.T) {
	b := newBench(t)
	b.colours()
	dir := t.TempDir()
	file := dir + "/default.conf"
	write(t, file, edge("was-blue:3000")["/etc/nginx/conf.d/default.conf"])
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	id := b.nginx(box{name: "edge", mounts: []mount.Mount{{Type: mount.TypeBind, Source: dir, Target: "/etc/nginx/conf.d"}}})
	time.Sleep(3500 * time.Millisecond) // ages are whole seconds, and so are the times of files that the engine tells
	write(t, dir+"/other.conf", "proxy_read_timeout 5s; # a file that sends nothing anywhere may be as new as it likes\n")
	if _, route := b.observed("edge"); route.Refusal != nil {
		t.Errorf("after another file was changed: %v", route.Refusal)
	}
	for name, content := range map[string]string{"one that sends something somewhere": "server { listen 81; return 204; }\n", "one that was emptied": "# nothing\n"} {
		write(t, dir+"/other.conf", content)
		_, route := b.observed("edge")
		if refuses(t, route, model.ConfigNotLoaded, "/etc/nginx/conf.d/other.conf"); t.Failed() {
			t.Fatal(name)
		}
	}
	if err := os.Remove(dir + "/other.conf"); err != nil {
		t.Fatal(err)
	}
	write(t, file, edge("was-green:3000")["/etc/nginx/conf.d/default.conf"])
	_, route := b.observed("edge")
	refuses(t, route, model.ConfigNotLoaded, "/etc/nginx/conf.d/default.conf", b.name("edge"), "nginx -s reload")
	if err := b.engine.ContainerKill(t.Context(), id, "HUP"); err != nil {
		t.Fatal(err)
	}
	b.eventually("nginx loads it", func() error {
		_, route := b.observed("edge")
		return route.Refusal
	})
}

// The file that names the colour is as old as ever; what is new is which one is included: by its name, or by a link to its
// folder.
func TestObserveAnIncludeThatWasNotLoaded(t *testing.T) {
	b := newBench(t)
	b.colours()
	dir := t.TempDir()
	old := time.Now().Add(-time.Minute)
	for _, colour := range []string{"blue", "green"} {
		file := dir + "/" + colour + "/live.conf"
		if err := os.MkdirAll(dir+"/"+colour, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, file, edge("was-" + colour + ":3000")["/etc/nginx/conf.d/default.conf"])
		if err := os.Chtimes(file, old, old); err != nil {
			t.Fatal(err)
		}
	}
	point := func(to string) {
		t.Helper()
		_ = os.Remove(dir + "/current")
		if err := os.Symlink(to, dir+"/current"); err != nil {
			t.Fatal(err)
		}
	}
	point("blue")
	mounts := []mount.Mount{{Type: mount.TypeBind, Source: dir, Target: "/etc/nginx/sites"}}
	byName := b.nginx(box{name: "named", files: map[string]string{"/etc/nginx/conf.d/default.conf": "include sites/blue/*.conf;\n"}, mounts: mounts})
	b.nginx(box{name: "linked", files: map[string]string{"/etc/nginx/conf.d/default.conf": "include sites/current/*.conf;\n"}, mounts: mounts})
	for _, name := range []string{"named", "linked"} {
		if _, route := b.observed(name); route.Refusal != nil || route.Names != model.Blue {
			t.Fatalf("%s: %s, %v", name, route.Names, route.Refusal)
		}
	}
	time.Sleep(3500 * time.Millisecond)
	b.put(byName, map[string]string{"/etc/nginx/conf.d/default.conf": "include sites/green/*.conf;\n"})
	point("green")
	for name, file := range map[string]string{"named": "conf.d/default.conf", "linked": "sites/current/live.conf"} {
		_, route := b.observed(name)
		refuses(t, route, model.ConfigNotLoaded, "/etc/nginx/"+file)
	}
}

// The mount of a single file shows the inode that it was made with; an editor that saves by rename leaves nginx behind.
func TestObserveAReplacedMountedFile(t *testing.T) {
	b := newBench(t)
	b.colours()
	file := t.TempDir() + "/default.conf"
	old := time.Now().Add(-time.Minute)
	save := func(name, address string) {
		write(t, name, edge(address)["/etc/nginx/conf.d/default.conf"])
		if err := os.Chtimes(name, old, old); err != nil {
			t.Fatal(err)
		}
	}
	save(file, "was-blue:3000")
	b.nginx(box{name: "edge", mounts: []mount.Mount{{Type: mount.TypeBind, Source: file, Target: "/etc/nginx/conf.d/default.conf"}}})
	if _, route := b.observed("edge"); route.Refusal != nil {
		t.Fatal(route.Refusal)
	}
	save(file+".new", "was-green:3000")
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	// The engine's archive call mounts again and sees the new file, nginx does not.
	if _, route := b.observed("edge"); route.Refusal != nil {
		refuses(t, route, model.ConfigNotLoaded, "/etc/nginx/conf.d/default.conf", "mount the directory")
	} else if route.Names != model.Blue {
		t.Errorf("it names %s, and nginx serves blue", route.Names)
	}
}

// So does one that is only included: a reload would bring what nobody has looked at.
func TestObserveAReplacedIncludedFile(t *testing.T) {
	b := newBench(t)
	b.colours()
	file := t.TempDir() + "/timeouts.conf"
	write(t, file, "proxy_read_timeout 60s;\n")
	b.nginx(box{name: "edge", files: edge("was-blue:3000"), mounts: []mount.Mount{{Type: mount.TypeBind, Source: file, Target: "/etc/nginx/conf.d/timeouts.conf"}}})
	if _, route := b.observed("edge"); route.Refusal != nil {
		t.Fatal(route.Refusal)
	}
	write(t, file+".new", "proxy_read_timeout 1s;\n")
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	_, route := b.observed("edge")
	refuses(t, route, model.ConfigNotLoaded, "/etc/nginx/conf.d/timeouts.conf", "mount the directory")
}

func TestObserveABrokenConfiguration(t *testing.T) {
	b := newBench(t)
	b.colours()
	id := b.nginx(box{name: "edge", files: edge("was-blue:3000")})
	for _, test := range []struct {
		file, content string
		words         []string
	}{
		{"/etc/nginx/conf.d/site.conf", "server { listne 80; }\n", []string{"unknown directive", "site.conf:1", b.name("edge")}},
		{"/etc/nginx/conf.d/site.conf", "server { listen 80;\n", []string{"broken already", "site.conf"}},
		{"/etc/nginx/conf.d/site.conf", "upstream x { server not-ours.invalid:80; }\n", []string{"host not found", "not-ours.invalid"}},
	} {
		b.put(id, map[string]string{test.file: test.content})
		_, route := b.observed("edge")
		refuses(t, route, model.NginxTestFailed, test.words...)
	}
}

// An nginx whose colour has ended could not be started, and a deployment is what mends that.
func TestObserveAfterTheColourEnded(t *testing.T) {
	b := newBench(t)
	blue, _ := b.colours()
	b.nginx(box{name: "edge", files: edge("was-blue:3000")})
	if err := b.engine.ContainerRemove(t.Context(), blue.ID, container.RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	if _, route := b.observed("edge"); route.Names != model.Blue || route.Refusal != nil {
		t.Errorf("%+v", route)
	}
}

func TestObserveWithoutAConfiguration(t *testing.T) {
	b := newBench(t)
	b.run(box{name: "edge", created: true, cmd: []string{"nginx", "-c", "/srv/none.conf"}})
	_, route := b.observed("edge")
	refuses(t, route, model.SwitchPointNotFound, b.name("edge"))
	if route.State != model.RouterStopped {
		t.Errorf("state %s", route.State)
	}
	b.run(box{name: "half", created: true, files: map[string]string{"/etc/nginx/nginx.conf": "events {}\nhttp { include missing.conf; }\n"}})
	_, route = b.observed("half")
	refuses(t, route, model.NginxTestFailed, "/etc/nginx/nginx.conf:2:8: include missing.conf", b.name("half"))
}

// holdWorker keeps a connection of which half a request was sent, so that its worker cannot leave.
func (b *bench) holdWorker(id string) net.Conn {
	b.t.Helper()
	conn, err := net.DialTimeout("tcp", b.container("edge", id).Addresses[b.net]+":80", 5*time.Second)
	if err != nil {
		b.t.Fatalf("connect to nginx at its own address (this needs an engine on this host): %v", err)
	}
	b.t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")); err != nil {
		b.t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // a worker must have accepted it
	return conn
}

func TestObserveAndDrainLeavingWorkers(t *testing.T) {
	b := newBench(t)
	b.colours()
	id := b.nginx(box{name: "edge", files: edge("was-blue:3000")})
	conn := b.holdWorker(id)
	if err := b.engine.ContainerKill(t.Context(), id, "HUP"); err != nil {
		t.Fatal(err)
	}
	var r *observed
	b.eventually("one worker stays", func() error {
		var route model.Route
		if r, route = b.observed("edge"); route.Draining != 1 {
			return errors.New("still another number")
		}
		return nil
	})
	told := make(chan model.DrainStatus, 1000)
	ended := make(chan error, 1)
	go func() { ended <- r.Drain(t.Context(), nil, func(l model.DrainStatus) { told <- l }) }()
	if l := <-told; l.Workers != 1 {
		t.Errorf("left is said to be %s", l)
	}
	conn.Close()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the drain does not end after the last connection")
	}
}

func TestDrainGivesUp(t *testing.T) {
	b := newBench(t)
	b.colours()
	id := b.nginx(box{name: "edge", files: edge("was-blue:3000")})
	b.holdWorker(id)
	r := b.reloadedBehind(id)
	ctx, cancel := deadline(t, 300*time.Millisecond)
	defer cancel()
	if err := r.Drain(ctx, nil, func(model.DrainStatus) {}); err == nil {
		t.Error("it ended though a worker is left")
	}
	// An nginx that has ended took its workers with it.
	if err := b.engine.ContainerKill(t.Context(), id, "KILL"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = deadline(t, 10*time.Second)
	defer cancel()
	if err := r.Drain(ctx, nil, func(model.DrainStatus) {}); err != nil {
		t.Errorf("after nginx had ended: %v", err)
	}
}

// reloadedBehind reloads nginx while a connection holds one of its workers, and waits until only that one is leaving.
func (b *bench) reloadedBehind(id string) *observed {
	b.t.Helper()
	if err := b.engine.ContainerKill(b.t.Context(), id, "HUP"); err != nil {
		b.t.Fatal(err)
	}
	r, _ := b.observed("edge")
	b.eventually("one worker stays", func() error {
		if s, err := r.found.Processes(b.t.Context()); err != nil || len(s.ShuttingDown) != 1 {
			return errors.New("not yet")
		}
		return nil
	})
	return r
}
