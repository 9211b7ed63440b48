// Package tunnel carries TCP connections over one pair of streams: those of a helper container next to nginx. Serve runs in
// the helper and connects from where nginx stands; Client asks it to. Each end of a connection is closed by itself, so that
// a client that has sent everything still gets the rest of the answer.
package tunnel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/libp2p/go-yamux/v5"
)

// Conn is one connection. CloseWrite ends what is sent and leaves what is received open.
type Conn interface {
	io.ReadWriteCloser
	CloseWrite() error
}

// stalled is how long the other end may accept or answer nothing before the tunnel is given up. A slow link needs seconds for
// what is on its way.
const stalled = time.Minute

// window is how much of one connection may be on its way. It bounds what a slow link has to carry before anything else.
const window = 1 << 20

func config() *yamux.Config {
	c := yamux.DefaultConfig()
	c.ConnectionWriteTimeout, c.MaxStreamWindowSize = stalled, window
	c.LogOutput = io.Discard // at the helper's end it would be a part of what the container says
	return c
}

// streams makes a connection of a pair of streams. They have no deadlines.
type streams struct {
	io.Reader
	io.Writer
	close func() error
}

func (s streams) Close() error                     { return s.close() }
func (streams) LocalAddr() net.Addr                { return address{} }
func (streams) RemoteAddr() net.Addr               { return address{} }
func (streams) SetDeadline(time.Time) error        { return nil }
func (streams) SetReadDeadline(time.Time) error    { return nil }
func (s streams) SetWriteDeadline(time.Time) error { return nil }

type address struct{}

func (address) Network() string { return "streams" }
func (address) String() string  { return "streams" }

// A connection begins with a message from each end: the address, and what is wrong with it; empty: nothing.

// longest is the length of a message at most.
const longest = 4 << 10

func send(w io.Writer, text string) error {
	text = text[:min(len(text), longest)]
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(text))), text...))
	return err
}

func receive(r io.Reader) (string, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return "", err
	}
	n := binary.BigEndian.Uint16(size[:])
	if n > longest {
		return "", errors.New("the other end speaks another protocol")
	}
	text := make([]byte, n)
	_, err := io.ReadFull(r, text)
	return string(text), err
}

// UnreachableError says that an address did not accept a connection. The tunnel itself works.
type UnreachableError struct {
	Address string
	Why     string
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s does not accept a connection: %s", e.Address, e.Why)
}
