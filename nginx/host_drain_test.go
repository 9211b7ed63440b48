package nginx

import (
	"fmt"
	"net"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// What the old colour's drain waits for is told by the port that it publishes; others who use that port are not counted.
func TestHostDrainCountsConnections(t *testing.T) {
	s := newHostShop(t)
	s.plan()
	hold := func(address string) net.Conn {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_, err = conn.Write([]byte("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"))
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	held := hold(fmt.Sprintf("127.0.0.1:%d", s.port))
	hold(fmt.Sprintf("127.0.0.1:%d", s.blue))
	time.Sleep(200 * time.Millisecond) // a worker must have accepted it
	if _, err := s.switchOver(); err != nil {
		t.Fatal(err)
	}
	blue := model.Container{Name: "blue-1", Published: []model.Published{{Port: s.blue, Target: 3000}}}
	ctx, cancel := deadline(t, time.Minute)
	defer cancel()
	counted := 0
	err := s.router.Drain(ctx, []model.Container{blue}, func(l model.DrainStatus) {
		if len(l.Open) == 0 {
			return
		}
		if counted++; len(l.Open) != 1 || l.Open[0].Container != "blue-1" || l.Open[0].Connections != 1 {
			t.Errorf("left is %s", l)
		}
		_ = held.Close()
	})
	if err != nil || counted == 0 {
		t.Errorf("%v; counted %d times", err, counted)
	}
}
