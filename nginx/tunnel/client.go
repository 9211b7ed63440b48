package tunnel

import (
	"context"
	"fmt"
	"io"

	"github.com/libp2p/go-yamux/v5"
)

// Client opens connections at the other end of two streams. It may be used by several goroutines.
type Client struct{ session *yamux.Session }

// NewClient speaks to a Serve at the other end. Close closes both streams.
func NewClient(in io.Writer, out io.Reader, closeBoth func()) (*Client, error) {
	session, err := yamux.Client(streams{out, in, func() error { closeBoth(); return nil }}, config(), nil)
	if err != nil {
		return nil, fmt.Errorf("open the tunnel: %w", err)
	}
	return &Client{session}, nil
}

// Dial opens a connection to host:port from where the other end stands. *UnreachableError says that the address refused; any
// other error, that the tunnel did not answer.
func (c *Client) Dial(ctx context.Context, to string) (Conn, error) {
	stream, err := c.session.OpenStream(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a connection through the tunnel: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = stream.Reset() })
	err = send(stream, to)
	why := ""
	if err == nil {
		why, err = receive(stream)
	}
	if !stop() { // the stream was reset
		err = context.Cause(ctx)
	}
	switch {
	case err != nil:
		_ = stream.Reset()
		return nil, fmt.Errorf("connect to %s through the tunnel: %w", to, err)
	case why != "":
		_ = stream.Close()
		return nil, &UnreachableError{to, why}
	}
	return stream, nil
}

// Ended says whether the other end is gone.
func (c *Client) Ended() bool { return c.session.IsClosed() }

// Close ends the tunnel and every connection through it.
func (c *Client) Close() { _ = c.session.Close() }
