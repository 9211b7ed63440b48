package engine

import (
	"net"
	"path/filepath"
	"testing"
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
	if (&Engine{Endpoint: "ssh://host"}).Local() || !(&Engine{Endpoint: "unix://" + socket}).Local() {
		t.Error("an endpoint is judged wrongly")
	}
}
