package engine

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/client"
)

func TestBesideUs(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "engine.sock")
	if isLocal(socket) {
		t.Error("nobody listens")
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !isLocal(socket) {
		t.Error("this process itself listens")
	}
	here := thisMachine()
	if (&Engine{Endpoint: "ssh://host", machine: here}).Local() || !(&Engine{Endpoint: "unix://" + socket, machine: here}).Local() {
		t.Error("an endpoint is judged wrongly")
	}
}

// engineAt answers as an engine on a machine does, on a socket of this machine: so does what forwards a socket.
func engineAt(t *testing.T, name string, memory int64) *Engine {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "engine.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.47")
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(system.Info{Name: name, MemTotal: memory, SystemTime: time.Now().Format(time.RFC3339Nano)})
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	c, err := client.NewClientWithOpts(client.WithHost("unix://"+socket), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{Client: c, Endpoint: "unix://" + socket}
	if err := e.SetSkew(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// A socket of this machine may lead to an engine of another one.
func TestLocalOfAForwardedSocket(t *testing.T) {
	here := thisMachine()
	if here.name == "" || here.memory == 0 {
		t.Fatalf("%+v", here)
	}
	if !engineAt(t, here.name, here.memory).Local() {
		t.Error("an engine of this machine is taken for another one's")
	}
	for _, other := range []machine{{"production", here.memory}, {here.name, here.memory / 2}, {"docker-desktop", 8 << 30}, {here.name, 0}} {
		if engineAt(t, other.name, other.memory).Local() {
			t.Errorf("the engine of %+v is taken for this machine's", other)
		}
	}
}

// What the connection itself takes says nothing of the clocks.
func TestSkewOverASlowConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Api-Version", "1.47")
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(system.Info{SystemTime: time.Now().Add(-time.Hour).Format(time.RFC3339Nano)})
		})}
		l := &pipes{conns: make(chan net.Conn)}
		go func() { _ = server.Serve(l) }()
		dial := func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(20 * time.Second) // ssh connects, and asks for a second factor
			ours, theirs := net.Pipe()
			l.conns <- theirs
			return ours, nil
		}
		c, err := client.NewClientWithOpts(client.WithHost("http://engine"), client.WithDialContext(dial), client.WithAPIVersionNegotiation())
		if err != nil {
			t.Fatal(err)
		}
		e := &Engine{Client: c, Endpoint: "ssh://host"}
		if err := e.SetSkew(t.Context()); err != nil {
			t.Fatal(err)
		}
		if wrong := e.Skew - time.Hour; wrong.Abs() > time.Second {
			t.Errorf("the skew is %s, which is wrong by %s", e.Skew, wrong)
		}
		_ = c.Close()
		_ = server.Close()
	})
}

// pipes is a listener without a network.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	conn, open := <-p.conns
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.conns) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }
