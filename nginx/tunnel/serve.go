package tunnel

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/libp2p/go-yamux/v5"
)

// connectLimit is how long an address may take to accept a connection.
const connectLimit = 10 * time.Second

// Serve connects from where this process stands, until in ends.
func Serve(in io.Reader, out io.Writer) error {
	session, err := yamux.Server(streams{in, out, func() error { return nil }}, config(), nil)
	if err != nil {
		return fmt.Errorf("serve connections: %w", err)
	}
	go func() {
		for {
			stream, err := session.AcceptStream()
			if err != nil {
				return
			}
			go serve(stream)
		}
	}()
	<-session.CloseChan() // not the end of Accept: that may wait for in, which may never end
	return nil
}

// serve connects one stream.
func serve(stream *yamux.Stream) {
	_ = stream.SetDeadline(time.Now().Add(connectLimit))
	to, err := receive(stream)
	if err != nil {
		_ = stream.Reset()
		return
	}
	conn, err := net.DialTimeout("tcp", to, connectLimit)
	if err != nil {
		_ = send(stream, reason(err))
		_ = stream.Close()
		return
	}
	_ = stream.SetDeadline(time.Time{})
	if err := send(stream, ""); err != nil {
		_ = conn.Close()
		return
	}
	Join(stream, conn.(*net.TCPConn))
}

// reason is an error without what its reader knows already.
func reason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		err = op.Err
	}
	return err.Error()
}
