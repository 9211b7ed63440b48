package agent

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReach(t *testing.T) {
	c := served(t)
	open := listen(t, "127.0.0.1:0")
	for name, test := range map[string]struct {
		reach Reach
		want  string // of the only address
	}{
		"accepts":                {Reach{Host: "127.0.0.1", Port: open}, ""},
		"refuses":                {Reach{Host: "127.0.0.1", Port: closed(t)}, "connection refused"},
		"elsewhere on this host": {Reach{Host: "127.0.0.2", Port: open}, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			test.reach.Timeout = 3 * time.Second
			resp := ask(t, c, Request{Reach: &test.reach})
			if resp.Error != "" || len(resp.Addresses) != 1 || resp.Addresses[0] != (Address{IP: test.reach.Host, Error: test.want}) {
				t.Errorf("%+v was answered with %+v", test.reach, resp)
			}
		})
	}
}

// Where a name has two addresses and one of them refuses, nginx fails every other request.
func TestReachAsksEveryAddress(t *testing.T) {
	resolve(t, "127.0.0.1", "127.0.0.2", "127.0.0.3")
	open := listen(t, "127.0.0.1:0")
	c := served(t)
	resp := ask(t, c, Request{Reach: &Reach{Host: "was-green", Port: open, Timeout: 3 * time.Second}})
	slices.SortFunc(resp.Addresses, func(a, b Address) int { return strings.Compare(a.IP, b.IP) })
	want := []Address{{IP: "127.0.0.1"}, {IP: "127.0.0.2", Error: "connection refused"}, {IP: "127.0.0.3", Error: "connection refused"}}
	if resp.Error != "" || !slices.Equal(resp.Addresses, want) {
		t.Errorf("answered with %+v, want %+v", resp, want)
	}
}

func TestReachOfANameThatDoesNotResolve(t *testing.T) {
	resolve(t) // to nothing
	began := time.Now()
	resp := ask(t, served(t), Request{Reach: &Reach{Host: "was-green", Port: 80, Timeout: 2 * time.Second}})
	if len(resp.Addresses) > 0 || !strings.Contains(resp.Error, "the name was-green does not resolve: no such host") {
		t.Errorf("answered with %+v", resp)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A stopped container's address does not refuse: it is silent.
func TestReachGivesUpInTime(t *testing.T) {
	port := silent(t)
	began := time.Now()
	resp := ask(t, served(t), Request{Reach: &Reach{Host: "127.0.0.1", Port: port, Timeout: 300 * time.Millisecond}})
	if resp.Error != "" || len(resp.Addresses) != 1 || resp.Addresses[0].Error != "no answer in time" {
		t.Errorf("answered with %+v", resp)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s for a limit of 300ms", took)
	}
}

// The engine's proxy accepts for a container in which nobody listens.
func TestReachHolds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	quiet, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	for name, test := range map[string]struct {
		port int
		hold time.Duration
		want string
	}{
		"closes":           {l.Addr().(*net.TCPAddr).Port, 10 * time.Second, "it is accepted and closed at once"},
		"closes, not held": {l.Addr().(*net.TCPAddr).Port, 0, ""},
		"stays":            {quiet.Addr().(*net.TCPAddr).Port, 50 * time.Millisecond, ""},
	} {
		resp := new(Agent).Handle(Request{Reach: &Reach{Host: "127.0.0.1", Port: test.port, Timeout: 20 * time.Second, Hold: test.hold}})
		if resp.Error != "" || len(resp.Addresses) != 1 || resp.Addresses[0].Error != test.want {
			t.Errorf("%s: %+v, want %q", name, resp, test.want)
		}
	}
}
