package nginx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"bluegate/deploy/model"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/instance"
	"bluegate/testdata/nginxtest"
)

// edge is a configuration that names an address; nothing has to resolve until nginx runs.
func edge(address string) map[string]string {
	return map[string]string{"/etc/nginx/conf.d/default.conf": "upstream was { server " + address + "; }\nserver { listen 80; location / { proxy_pass http://was; } }\n"}
}

// found is the name of the nginx that is found, without what is the test's own in it.
func (b *bench) found(o instance.Options) (string, model.RouterState, error) {
	b.t.Helper()
	_, route, err := b.router(o).Observe(b.t.Context(), b.directory())
	return strings.TrimSuffix(strings.TrimPrefix(route.Nginx, `container "`+b.name("")), `"`), route.State, err
}

// directory has one service, was-blue or was-green, on the bench's network.
func (b *bench) directory() *model.Addresses {
	app := nginxtest.Application(b.t, "was-{colour} 3000 3000", b.net)
	app.Project = b.id // it names the containers that the router makes
	return model.NewAddresses(app)
}

func (b *bench) finds(o instance.Options, want string, state model.RouterState) {
	b.t.Helper()
	if name, got, err := b.found(o); name != want || got != state || err != nil {
		b.t.Errorf("with %+v: found %q %s, %v; want %q %s", o.Container, name, got, err, want, state)
	}
}

// colours runs both colours' containers, so that their names resolve.
func (b *bench) colours() (blue, green model.Container) {
	b.t.Helper()
	return b.app("was-blue", "3000"), b.app("was-green", "3000")
}

func TestFindByConfiguration(t *testing.T) {
	b := newBench(t)
	b.finds(instance.Options{}, "", model.RouterAbsent)
	b.colours()
	b.finds(instance.Options{}, "", model.RouterAbsent)
	b.nginx(box{name: "idle"})
	broken := b.nginx(box{name: "broken"})
	b.put(broken, edge("was-blue:3000; } {"))
	_, route, err := b.router(instance.Options{}).Observe(t.Context(), b.directory())
	if err != nil || route.State != model.RouterAbsent || len(route.Findings) != 1 || !strings.Contains(route.Findings[0].Message, b.name("broken")) ||
		!strings.Contains(route.Findings[0].Remedy, "nginx: {container: "+b.name("broken")+"}") || !strings.Contains(route.Findings[0].Remedy, incontainer.Label+": ") {
		t.Errorf("of the one that cannot be read it says %+v, %v", route.Findings, err)
	}
	// A colour's own container may run nginx, and may name the other colour.
	b.nginx(box{name: "web", files: edge("was-green:3000"), labels: map[string]string{"com.docker.compose.project": "shop", "com.docker.compose.service": "was-green"}})
	// The same names on another network are another application's.
	b.nginx(box{name: "staging", files: edge("127.0.0.1:3000"), networks: []string{b.network("staging")}})
	b.finds(instance.Options{}, "", model.RouterAbsent)

	b.nginx(box{name: "other", files: edge("was-blue:9090")}) // which the service does not declare
	b.finds(instance.Options{}, "other", model.RouterRunning)

	stopped := b.run(box{name: "stopped", files: edge("was-blue:3000"), created: true})
	b.finds(instance.Options{}, "stopped", model.RouterStopped)
	b.nginx(box{name: "edge", files: edge("was-blue:3000")})
	b.finds(instance.Options{}, "edge", model.RouterRunning) // one that runs goes before one that does not

	if err := b.engine.ContainerStart(t.Context(), stopped, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	b.serves(stopped)
	_, _, err = b.found(instance.Options{})
	var silent *model.UnreachableError
	if !errors.As(err, &silent) || !strings.Contains(err.Error(), b.name("edge")+", "+b.name("stopped")) || !strings.Contains(err.Error(), incontainer.Label) {
		t.Errorf("with two that match: %v", err)
	}
	b.finds(instance.Options{Container: b.name("edge")}, "edge", model.RouterRunning)
	b.finds(instance.Options{Container: b.name("idle")}, "idle", model.RouterRunning)
	b.finds(instance.Options{Container: b.name("missing")}, "", model.RouterAbsent)
}

// An nginx that names the application and is on none of its networks is not chosen, and is told of: unless something else
// there has the name.
func TestFindElsewhere(t *testing.T) {
	b := newBench(t)
	b.colours()
	apart := b.network("apart")
	id := b.nginx(box{name: "lost", files: map[string]string{"/etc/nginx/conf.d/default.conf": "server { listen 80; resolver 127.0.0.11; set $was was-blue:3000; location / { proxy_pass http://$was; } }\n"}, networks: []string{apart}})
	_, route, err := b.router(instance.Options{}).Observe(t.Context(), b.directory())
	if err != nil || route.State != model.RouterAbsent || !slices.Contains(route.Elsewhere, `container "`+b.name("lost")+`"`) {
		t.Fatalf("%+v, %v", route, err)
	}
	at := slices.IndexFunc(route.Findings, func(f model.Finding) bool { return f.Place == b.name("lost") })
	if at < 0 || !strings.Contains(route.Findings[at].Remedy, "docker network connect "+b.net+" "+b.name("lost")) {
		t.Fatalf("findings %+v", route.Findings)
	}
	if err := b.engine.NetworkConnect(t.Context(), b.net, id, nil); err != nil { // as the remedy says
		t.Fatal(err)
	}
	if name, state, _ := b.found(instance.Options{}); name != "lost" || state != model.RouterRunning {
		t.Errorf("after the remedy: %q %s", name, state)
	}
	if err := b.engine.NetworkDisconnect(t.Context(), b.net, id, true); err != nil {
		t.Fatal(err)
	}
	b.run(box{name: "near", cmd: []string{"sleep", "600"}, networks: []string{apart}, labels: map[string]string{"com.docker.compose.project": "staging", "com.docker.compose.service": "was-blue"}})
	_, route, err = b.router(instance.Options{}).Observe(t.Context(), b.directory())
	if err != nil || slices.Contains(route.Elsewhere, `container "`+b.name("lost")+`"`) {
		t.Errorf("another application's: %+v, %v", route, err)
	}
}

func TestFindByLabel(t *testing.T) {
	b := newBench(t)
	b.colours()
	b.nginx(box{name: "edge", files: edge("was-blue:3000")})
	b.nginx(box{name: "foreign", labels: map[string]string{beLabelled: "another-project"}, files: edge("was-green:3000"), networks: []string{b.net}})
	_, _, err := b.found(instance.Options{})
	if err == nil {
		t.Error("a label of another project decided between two that match")
	}
	b.nginx(box{name: "marked", labels: map[string]string{beLabelled: b.id}, networks: []string{b.network("apart")}})
	b.finds(instance.Options{}, "marked", model.RouterRunning)
	b.nginx(box{name: "marked-too", labels: map[string]string{beLabelled: ""}})
	_, _, err = b.found(instance.Options{})
	if err == nil || !strings.Contains(err.Error(), b.name("marked")+", "+b.name("marked-too")) {
		t.Errorf("with two labels: %v", err)
	}
	b.finds(instance.Options{Container: b.name("edge")}, "edge", model.RouterRunning)
}

// nginx may be named by its Compose service; another project's service of that name is meant only where there is none
// nearer.
func TestFindByService(t *testing.T) {
	b := newBench(t)
	b.colours()
	service := "proxy-" + b.id
	of := func(project string) map[string]string {
		return map[string]string{"com.docker.compose.service": service, "com.docker.compose.project": project}
	}
	b.nginx(box{name: "far", labels: of("another"), files: edge("was-blue:3000")})
	b.finds(instance.Options{Container: service}, "far", model.RouterRunning)
	b.run(box{name: "near", labels: of("shop"), files: edge("was-blue:3000"), created: true})
	b.finds(instance.Options{Container: service}, "near", model.RouterStopped)
}

// nginx.config says which file is meant where nginx does not, and is compared where it does.
func TestFindMainFile(t *testing.T) {
	for _, test := range []struct {
		config string
		flags  []string
		want   string
	}{
		{"", []string{"-c", "/srv/a.conf"}, "/srv/a.conf"},
		{"/srv/a.conf", []string{"-c", "/srv/a.conf"}, "/srv/a.conf"},
		{"/srv/b.conf", []string{"-c", "/srv/a.conf"}, ""},
		{"/srv/a.conf", []string{"-p", "/srv", "-c", "a.conf"}, "/srv/a.conf"},
		{"/opt/nginx/nginx.conf", nil, "/opt/nginx/nginx.conf"},
	} {
		c := &incontainer.Nginx{Opts: instance.Options{Config: test.config}, Flags: test.flags}
		if got := c.MainFiles(); strings.Join(got, " ") != test.want {
			t.Errorf("%q with %v: %v, want %q", test.config, test.flags, got, test.want)
		}
	}
	if got := (&incontainer.Nginx{}).MainFiles(); len(got) < 2 {
		t.Errorf("where nothing is said: %v", got)
	}
}

func TestFindWhatIsNamedAndIsNoNginx(t *testing.T) {
	b := newBench(t)
	b.app("was-blue", "3000")
	_, _, err := b.found(instance.Options{Container: b.name("was-blue")})
	var silent *model.UnreachableError
	if !errors.As(err, &silent) || !strings.Contains(err.Error(), b.name("was-blue")) || !strings.Contains(err.Error(), "no nginx") {
		t.Errorf("got %v", err)
	}
}

// nginx's own flags say which configuration it has, and every call of it needs them too.
func TestFindOtherConfigurations(t *testing.T) {
	b := newBench(t)
	b.colours()
	main := "user nginx; pid /run/shop.pid; events {}\nhttp { upstream was { server was-blue:3000; } }\n"
	for name, test := range map[string]struct {
		cmd   []string
		path  string
		flags string
	}{
		"absolute": {[]string{"nginx", "-c", "/srv/shop.conf", "-g", "daemon off;"}, "/srv/shop.conf", "-c /srv/shop.conf -g daemon off;"},
		"prefix":   {[]string{"nginx", "-p", "/srv/edge/", "-c", "conf/shop.conf", "-g", "daemon off;"}, "/srv/edge/conf/shop.conf", "-p /srv/edge/ -c conf/shop.conf -g daemon off;"},
		"shell":    {[]string{"sh", "-c", "nginx -c /srv/shop.conf -g 'daemon off;'; true"}, "/srv/shop.conf", "-c /srv/shop.conf -g daemon off;"},
	} {
		t.Run(name, func(t *testing.T) {
			id := b.nginx(box{name: name, cmd: test.cmd, files: map[string]string{test.path: main, "/srv/edge/logs/x": "", "/var/log/nginx/x": ""}})
			r, route, err := observeWith(t.Context(), b.router(instance.Options{Container: id}), b.directory())
			if err != nil || route.Names != model.Blue || route.Refusal != nil || len(route.Points) != 1 || route.Points[0].Path != test.path {
				t.Errorf("%+v, %v; log:\n%s", route, err, b.log(id))
			}
			if got := strings.Join(r.found.(*incontainer.Nginx).Flags, " "); got != test.flags {
				t.Errorf("its flags are %q, want %q", got, test.flags)
			}
		})
	}
}

// On a CI runner's engine other containers come and go all the time.
func TestFindAmongPassingContainers(t *testing.T) {
	b := newBench(t)
	b.colours()
	b.nginx(box{name: "edge", files: edge("was-blue:3000")})
	ctx, cancel := context.WithCancel(t.Context())
	var churn sync.WaitGroup
	for range 2 {
		churn.Go(func() {
			for ctx.Err() == nil {
				// It ends by itself, and removes itself: each look may meet it in another state.
				made, err := b.engine.ContainerCreate(t.Context(), &container.Config{Image: image, Cmd: []string{"sleep", "0.1"}, Labels: map[string]string{testLabel: b.id}},
					&container.HostConfig{NetworkMode: container.NetworkMode(b.net), AutoRemove: true}, nil, nil, "")
				if err == nil {
					err = b.engine.ContainerStart(t.Context(), made.ID, container.StartOptions{})
				}
				if err != nil {
					t.Errorf("churn: %v", err)
					return
				}
			}
		})
	}
	for range 6 {
		b.finds(instance.Options{}, "edge", model.RouterRunning)
	}
	cancel()
	churn.Wait()
	b.eventually("the last of them end", func() error {
		rows, err := b.engine.ContainerList(t.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", testLabel+"="+b.id))})
		if err == nil && len(rows) > 3 {
			err = errors.New("some are left")
		}
		return err
	})
}

// Only one nginx is switched. Another one that names the live colour would be left with a colour that is stopped, whoever named
// the one that is switched.
func TestObserveAnotherNginxThatNamesTheColour(t *testing.T) {
	b := newBench(t)
	b.colours()
	b.nginx(box{name: "edge", files: edge("was-blue:3000")})
	b.nginx(box{name: "quiet", files: edge("127.0.0.1:81")})
	if _, route := b.observed("edge"); route.MaySwitch(model.Green) != nil {
		t.Fatalf("one that names neither: %v", route.MaySwitch(model.Green))
	}
	for name, x := range map[string]box{
		"labelled": {labels: map[string]string{incontainer.Label: "none"}, files: edge("was-blue:3000")},
		"both":     {files: edge("was-blue:3000; server was-green:3000 backup")},
		"idle":     {files: edge("was-green:3000")},
	} {
		x.name = name
		b.nginx(x)
	}
	if _, route := b.observed("edge"); route.MaySwitch(model.Green) != nil {
		t.Fatalf("others that may be there: %v", route.MaySwitch(model.Green))
	}
	b.nginx(box{name: "second", files: edge("was-blue:3000")})
	_, route := b.observed("edge")
	if route.Names != model.Blue || route.Refusal != nil {
		t.Errorf("names %s, %v", route.Names, route.Refusal)
	}
	refuses(t, route, model.AddressLeftOver, fmt.Sprintf("container %q at /etc/nginx/conf.d/default.conf:1 (server was-blue:3000)", b.name("second")))
}

// A container in which two masters were started has two configurations, and what the second one names would be left over.
func TestObserveSeveralMastersInAContainer(t *testing.T) {
	b := newBench(t)
	b.colours()
	files := edge("was-blue:3000")
	files["/etc/nginx/second.conf"] = "user nginx; pid /run/second.pid; events {} http { server { listen 81; location / { proxy_pass http://was-blue:3000; } } }\n"
	id := b.nginx(box{name: "edge", cmd: []string{"sh", "-c", "nginx -c/etc/nginx/second.conf && exec nginx -g 'daemon off;'"}, files: files})
	b.sh(id, "until grep -qs '^nginx: master process nginx -c/etc/nginx/second.conf' /proc/[0-9]*/cmdline; do sleep 0.05; done") // it has its title a moment after it continued in the background
	_, route := b.observed("edge")
	refuses(t, route, model.SwitchPointAmbiguous, b.name("edge"), "more than one nginx", "nginx -c/etc/nginx/second.conf")
}

// nginx takes the file right behind the letter too.
func TestObserveAFileBehindItsLetter(t *testing.T) {
	b := newBench(t)
	b.colours()
	b.nginx(box{name: "edge", cmd: []string{"nginx", "-c/etc/nginx/second.conf", "-gdaemon off;"},
		files: map[string]string{"/etc/nginx/second.conf": "user nginx; events {} http { server { listen 80; location / { proxy_pass http://was-blue:3000; } } }\n"}})
	if _, route := b.observed("edge"); route.Names != model.Blue || route.MaySwitch(model.Green) != nil {
		t.Errorf("names %q, %v", route.Names, route.MaySwitch(model.Green))
	}
}
