package nginx

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/deploy/model"
)

// The throwaway may write where nginx may: its log files are opened by a test, too.
func TestRehearseWithMountedLogs(t *testing.T) {
	b := newBench(t)
	logs := t.TempDir()
	x := storages["folder"](b, "access_log /var/log/nginx/shop.log;\n"+edge("was-blue:3000")[confPath])
	x.mounts = append(x.mounts, mount.Mount{Type: mount.TypeBind, Source: logs, Target: "/var/log/nginx"})
	s := b.newShop(x)
	s.switchOver()
	s.serves("green")
	if _, err := os.Stat(filepath.Join(logs, "shop.log")); err != nil {
		t.Error(err)
	}
}

func TestRehearseRefusesInNginxsOwnWords(t *testing.T) {
	b := newBench(t)
	s := b.newShop(storages["folder"](b, edge("was-blue:3000")[confPath]))
	broken := s.change
	broken.Files = slices.Clone(broken.Files)
	broken.Files[0].New = []byte("server { listne 80; }\n")
	_, err := s.router.Rehearse(t.Context(), broken, already())
	var refused *model.RefusedError
	if !errors.As(err, &refused) || refused.Reasons[0].Code != model.NginxTestFailed || !strings.Contains(err.Error(), `unknown directive "listne" in `+confPath+":1") {
		t.Errorf("got %v", err)
	}
	if got := b.sh(s.id, "cat "+confPath); !strings.Contains(got, "was-blue:3000") {
		t.Errorf("the live file holds %q", got)
	}
	s.leavesNothing()
}

// Someone restarts nginx just then: it is waited for, and the helper goes with it.
func TestRehearseWhileNginxRestarts(t *testing.T) {
	b := newBench(t)
	s := b.newShop(storages["folder"](b, edge("was-blue:3000")[confPath]))
	if err := b.engine.ContainerStop(t.Context(), s.id, container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	tried := make(chan error, 1)
	go func() {
		_, err := s.router.Rehearse(t.Context(), s.change, already())
		tried <- err
	}()
	time.Sleep(time.Second)
	select {
	case err := <-tried:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	if err := b.engine.ContainerStart(t.Context(), s.id, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := <-tried; err != nil {
		t.Fatal(err)
	}
	s.switchOver()
	s.serves("green")
}

// A name may take a moment to appear in the engine's DNS.
func TestRehearseWaitsForNames(t *testing.T) {
	b := newBench(t)
	s := b.newShop(storages["folder"](b, edge("was-blue:3000")[confPath]))
	if err := b.engine.ContainerRemove(t.Context(), s.green.ID, container.RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	tried := make(chan error, 1)
	go func() {
		_, err := s.router.Rehearse(t.Context(), s.change, already())
		tried <- err
	}()
	time.Sleep(1500 * time.Millisecond)
	select {
	case err := <-tried:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	b.run(box{name: "was-green-again", image: shopImage, env: []string{"COLOUR=green"}, aliases: []string{"was-green"}})
	if err := <-tried; err != nil {
		t.Error(err)
	}
}

func TestReachRefuses(t *testing.T) {
	b := newBench(t)
	s := b.newShop(storages["folder"](b, edge("was-blue:3000")[confPath]))
	s.rehearse()
	alone := b.run(box{name: "alone", image: shopImage, env: []string{"LISTEN=127.0.0.1"}, aliases: []string{"alone"}})
	twin := b.run(box{name: "twin", image: shopImage, aliases: []string{"was-twin"}})
	endpoint := func(host string, port int) model.Endpoint {
		return model.Endpoint{Colour: model.Green, Service: "was-green", Host: host, Port: port}
	}
	for name, test := range map[string]struct {
		target model.Target
		want   string // "": reached
	}{
		"good":           {model.Target{Endpoint: endpoint("was-green", 3000), Containers: []model.Container{s.green}}, ""},
		"upper case":     {model.Target{Endpoint: endpoint("WAS-Green", 3000), Containers: []model.Container{s.green}}, ""},
		"other port":     {model.Target{Endpoint: endpoint("was-green", 3999), Containers: []model.Container{s.green}}, "was-green:3999 (" + s.green.Addresses[b.net] + ") does not accept a connection: connection refused"},
		"loopback only":  {model.Target{Endpoint: endpoint("alone", 3000), Containers: []model.Container{b.container("alone", alone)}}, "connection refused"},
		"no name":        {model.Target{Endpoint: endpoint("was-gren", 3000), Containers: []model.Container{s.green}}, "the name was-gren does not resolve"},
		"a stranger":     {model.Target{Endpoint: endpoint("was-blue", 3000), Containers: []model.Container{s.green}}, "leads to " + s.blue.Addresses[b.net] + ", which is not the release's"},
		"a missing twin": {model.Target{Endpoint: endpoint("was-green", 3000), Containers: []model.Container{s.green, b.container("twin", twin)}}, "does not lead to " + b.name("twin")},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.router.Reach(t.Context(), []model.Target{test.target})
			var refused *model.RefusedError
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (!errors.As(err, &refused) || refused.Reasons[0].Code != model.NotReachable || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	all := []model.Target{{Endpoint: endpoint("nowhere-1", 1)}, {Endpoint: endpoint("was-green", 3000), Containers: []model.Container{s.green}}, {Endpoint: endpoint("nowhere-2", 2)}}
	if err := s.router.Reach(t.Context(), all); err == nil || !strings.Contains(err.Error(), "nowhere-1") || !strings.Contains(err.Error(), "nowhere-2") {
		t.Errorf("of three, two are bad: %v", err)
	}
}

// An old version is moved back, with its old time, and nginx is not reloaded.
func TestObserveSeesAnOldFileThatWasMovedThere(t *testing.T) {
	b := newBench(t)
	x := storages["folder"](b, edge("was-blue:3000")[confPath])
	dir := x.mounts[0].Source
	old := time.Now().Add(-time.Hour)
	write(t, dir+"/backup", edge("was-blue:3000")[confPath]+"# an old version\n")
	if err := errors.Join(os.Chtimes(dir+"/backup", old, old), os.Chtimes(dir+"/default.conf", old, old)); err != nil {
		t.Fatal(err)
	}
	s := b.newShop(x)
	time.Sleep(2500 * time.Millisecond) // ages are whole seconds
	if err := os.Chmod(dir+"/default.conf", 0o600); err != nil {
		t.Fatal(err)
	}
	s.rehearse() // a chmod is nothing that nginx had to load
	if err := os.Rename(dir+"/backup", dir+"/default.conf"); err != nil {
		t.Fatal(err)
	}
	_, route, err := s.router.Observe(t.Context(), s.directory())
	if err != nil {
		t.Fatal(err)
	}
	refuses(t, route, model.ConfigNotLoaded, confPath, "nginx -s reload")
	if err := s.router.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.plan()
	s.switchOver()
	s.serves("green")
}
