package nginx

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"bluegate/deploy"
)

// The ports that the colours publish tell which of the masters on this machine is meant.
func TestHostFoundByPorts(t *testing.T) {
	one := newHostShop(t)
	other := &hostShop{T: t, exe: one.exe, dir: t.TempDir(), port: freePort(t)}
	write(t, other.dir+"/nginx.conf", fmt.Sprintf("daemon off;\npid %s/pid;\nevents {}\nhttp { access_log off; %s server { listen 127.0.0.1:%d; location / { proxy_pass http://127.0.0.1:%d; } } }\n", other.dir, tempPaths(other.dir), other.port, freePort(t)))
	other.start()
	one.router.opts.Config = ""
	if route := one.observe(); !strings.Contains(route.Nginx, one.dir) || route.Names != deploy.Blue || route.Refusal != nil {
		t.Errorf("%+v", route)
	}
}

func TestHostOfAnotherMachine(t *testing.T) {
	_, err := New(nil, Options{Host: true}).Observe(t.Context(), directoryOf(t, "was-{colour} 3000 3000"))
	var invalid *deploy.InvalidError
	if !errors.As(err, &invalid) {
		t.Errorf("got %v", err)
	}
}
