package agent

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	rest    = " 00000000:00000000 00:00000000 00000000   101        0 1 1 0 20 4 30 10 -1\n"
)

// row writes a line as the kernel does: a socket's address in words of the machine's own order.
func row(local, remote, state string) string {
	return "   0: " + kernel(local) + " " + kernel(remote) + " " + state + rest
}

func kernel(address string) string {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return address // a broken one
	}
	var text strings.Builder
	for word := at.Addr().AsSlice(); len(word) > 0; word = word[4:] {
		fmt.Fprintf(&text, "%08X", binary.NativeEndian.Uint32(word))
	}
	return fmt.Sprintf("%s:%04X", text.String(), at.Port())
}

func TestOpenTo(t *testing.T) {
	table := heading +
		row("192.168.0.3:54321", "192.168.0.2:3000", "01") + // established
		row("192.168.0.3:54322", "192.168.0.2:3000", "02") + // being opened
		row("192.168.0.3:54323", "192.168.0.2:3000", "08") + // closed by the app only
		row("192.168.0.3:54324", "192.168.0.2:3000", "06") + // TIME_WAIT: over
		row("192.168.0.3:54325", "192.168.0.9:3000", "01") + // to another host
		row("127.0.0.1:54328", "127.0.0.1:8081", "01") + // to a published port
		row("127.0.0.1:8081", "127.0.0.1:54328", "01") + // its other end
		row("0.0.0.0:80", "0.0.0.0:0", "0A") + // listening
		row("[::ffff:192.168.0.3]:54326", "[::ffff:192.168.0.2]:3001", "01") +
		row("[2001:db8::3]:54327", "[2001:db8::2]:3000", "01")
	open, err := openTo(strings.NewReader(table), []netip.Addr{netip.MustParseAddr("192.168.0.2"), netip.MustParseAddr("2001:db8::2")}, []int{8081})
	if err != nil {
		t.Fatal(err)
	}
	want := []Socket{
		{"192.168.0.3:54321", "192.168.0.2:3000", "1"}, {"192.168.0.3:54322", "192.168.0.2:3000", "1"}, {"192.168.0.3:54323", "192.168.0.2:3000", "1"},
		{"127.0.0.1:54328", "127.0.0.1:8081", "1"},
		{"192.168.0.3:54326", "192.168.0.2:3001", "1"}, {"[2001:db8::3]:54327", "[2001:db8::2]:3000", "1"},
	}
	if !slices.Equal(open, want) {
		t.Errorf("got %v\nwant %v", open, want)
	}
	for _, broken := range []string{"0200A8C0", "02:0BB8", "0200A8C0:zz", "zz00A8C0:0BB8"} {
		if _, err := openTo(strings.NewReader(heading+row("192.168.0.3:54321", broken, "01")), nil, nil); err == nil {
			t.Errorf("%s was read", broken)
		}
	}
}

// The kernel's own table tells of a connection while it is open, by both its ends.
func TestConnectionsOfThisMachine(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.3:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	held, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	c := served(t)
	isOurs := func(s Socket) bool {
		return s.Local == conn.LocalAddr().String() && s.Remote == conn.RemoteAddr().String()
	}
	if resp := ask(t, c, Request{Connections: &Connections{To: []string{"127.0.0.3"}}}); resp.Error != "" || !slices.ContainsFunc(resp.Open, isOurs) {
		t.Errorf("answered with %+v, without %s", resp, conn.LocalAddr())
	}
	if resp := ask(t, c, Request{Connections: &Connections{To: []string{"127.0.0.4"}}}); resp.Error != "" || len(resp.Open) > 0 {
		t.Errorf("connections to another host: %+v", resp)
	}
	_ = held.Close()
	_, _ = io.ReadAll(conn)
	_ = conn.Close()
	if resp := ask(t, c, Request{Connections: &Connections{To: []string{"127.0.0.3"}}}); slices.ContainsFunc(resp.Open, isOurs) {
		t.Errorf("a closed connection is still open: %+v", resp)
	}
}

func TestConnectionsCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for what, resp := range map[string]Response{
		"no table": connections(dir, Connections{}), "no address": connections(dir, Connections{To: []string{"was-blue"}}),
	} {
		if resp.Error == "" {
			t.Errorf("%s: %+v", what, resp)
		}
	}
	write(t, filepath.Join(dir, "tcp"), fmt.Sprint(heading))
	if resp := connections(dir, Connections{To: []string{"192.168.0.2"}}); resp.Error != "" || len(resp.Open) > 0 {
		t.Errorf("a kernel without IPv6: %+v", resp)
	}
}
