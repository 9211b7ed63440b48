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

// another is one more nginx of this machine, with a configuration of its own.
func (s *hostShop) another() *hostShop {
	return &hostShop{T: s.T, exe: s.exe, dir: s.TempDir(), port: freePort(s.T)}
}

// passesTo writes a configuration that passes all requests to a port.
func (s *hostShop) passesTo(port int) *hostShop {
	s.Helper()
	write(s.T, s.dir+"/nginx.conf", fmt.Sprintf("daemon off;\npid %s/pid;\nevents {}\nhttp { access_log off; %s server { listen 127.0.0.1:%d; location / { proxy_pass http://127.0.0.1:%d; } } }\n", s.dir, tempPaths(s.dir), s.port, port))
	return s
}

// The ports that the colours publish tell which of the masters on this machine is meant.
func TestHostFoundByPorts(t *testing.T) {
	one := newHostShop(t)
	one.another().passesTo(freePort(t)).start()
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
	one.another().passesTo(one.blue).start()
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
	other := one.another().passesTo(one.green)
	other.start()
	if err := one.observe().MaySwitch(model.Green); err != nil {
		t.Errorf("one that names the idle colour only: %v", err)
	}
	other.passesTo(one.blue)
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
