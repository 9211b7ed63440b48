package nginx

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
	"bluegate/nginx/onhost"
	"bluegate/testdata/nginxtest"
)

// The ports that the colours publish tell which of the masters on this machine is meant.
func TestHostFoundByPorts(t *testing.T) {
	one := newHostShop(t)
	other := &hostShop{T: t, exe: one.exe, dir: t.TempDir(), port: freePort(t)}
	write(t, other.dir+"/nginx.conf", fmt.Sprintf("daemon off;\npid %s/pid;\nevents {}\nhttp { access_log off; %s server { listen 127.0.0.1:%d; location / { proxy_pass http://127.0.0.1:%d; } } }\n", other.dir, tempPaths(other.dir), other.port, freePort(t)))
	other.start()
	one.router.opts.Config = ""
	if route := one.observe(); !strings.Contains(route.Nginx, one.dir) || route.Names != model.Blue || route.Refusal != nil {
		t.Errorf("%+v", route)
	}
	write(t, one.file, fmt.Sprintf("server { listen 127.0.0.1:%d; set $was 127.0.0.1:%d; location / { proxy_pass http://$was; } }\n", one.port, one.blue))
	found, err := onhost.Find(t.Context(), instance.Options{Host: true, Local: true, Settings: mode.Settings{Values: []string{"was"}}}, one.directory())
	if err != nil || found == nil || found.Master.PID != one.master.Process.Pid {
		t.Errorf("by a variable's value: found %v, %v", found, err)
	}
}

// The file that a mode writes tells it where the ports do not: it holds none of them yet, or another nginx passes requests
// to them too.
func TestHostFoundByTarget(t *testing.T) {
	one := newHostShop(t)
	other := &hostShop{T: t, exe: one.exe, dir: t.TempDir(), port: freePort(t)}
	write(t, other.dir+"/nginx.conf", fmt.Sprintf("daemon off;\npid %s/pid;\nevents {}\nhttp { access_log off; %s server { listen 127.0.0.1:%d; location / { proxy_pass http://127.0.0.1:%d; } } }\n", other.dir, tempPaths(other.dir), other.port, one.blue))
	other.start()
	settings := mode.Settings{Mode: "template", Dir: one.dir, Text: map[model.Colour]string{
		model.Blue: fmt.Sprintf("upstream was { server 127.0.0.1:%d; }\n", one.blue), model.Green: fmt.Sprintf("upstream was { server 127.0.0.1:%d; }\n", one.green)}}
	write(t, one.file, "upstream was { server 127.0.0.1:1; }\n"+fmt.Sprintf("server { listen 127.0.0.1:%d; }\n", one.port))
	for _, to := range []string{one.file, "conf.d/shop.conf", one.dir + "/more/to-be-made.conf"} {
		settings.To = to
		router := New(nil, instance.Options{Host: true, Local: true, Settings: settings, Overlay: one.router.opts.Overlay})
		found, err := onhost.Find(t.Context(), router.opts, one.directory())
		if err != nil || found == nil || found.Master.PID != one.master.Process.Pid {
			t.Errorf("%s: found %v, %v; want %d", to, found, err, one.master.Process.Pid)
		}
	}
}

// A second nginx of this machine that names the live colour's port would be left with a colour that is stopped.
func TestHostAnotherNginxThatNamesTheColour(t *testing.T) {
	one := newHostShop(t)
	other := &hostShop{T: t, exe: one.exe, dir: t.TempDir(), port: freePort(t)}
	naming := func(port int) {
		t.Helper()
		write(t, other.dir+"/nginx.conf", fmt.Sprintf("daemon off;\npid %s/pid;\nevents {}\nhttp { access_log off; %s server { listen 127.0.0.1:%d; location / { proxy_pass http://127.0.0.1:%d; } } }\n", other.dir, tempPaths(other.dir), other.port, port))
	}
	naming(one.green)
	other.start()
	if err := one.observe().MaySwitch(model.Green); err != nil {
		t.Errorf("one that names the idle colour only: %v", err)
	}
	naming(one.blue)
	route := one.observe()
	if route.Names != model.Blue || route.Refusal != nil {
		t.Errorf("names %s, %v", route.Names, route.Refusal)
	}
	refuses(t, route, model.AddressLeftOver, other.dir+"/nginx.conf", "would be stopped", "where it serves nobody: stop it")
}

func TestHostOfAnotherMachine(t *testing.T) {
	_, _, err := New(nil, instance.Options{Host: true}).Observe(t.Context(), nginxtest.Addresses(t, "was-{colour} 3000 3000"))
	var invalid *model.InvalidError
	if !errors.As(err, &invalid) {
		t.Errorf("got %v", err)
	}
}
