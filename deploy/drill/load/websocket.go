package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// upgrade makes a request the handshake of a websocket (RFC 6455). The key is any 16 bytes in base64: its answer is not
// looked at, because no cache is in between that the check would protect from.
func upgrade(req *http.Request) {
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Sec-WebSocket-Version", "13")
	req.Header.Set("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
}

// Frames of a client: empty, and masked with zeros.
var (
	pingFrame  = []byte{0x89, 0x80, 0, 0, 0, 0}
	closeFrame = []byte{0x88, 0x80, 0, 0, 0, 0}
)

// hold keeps a websocket open for call.Hold, and wants an answer to a ping then.
func (u *user) hold(ctx context.Context, resp *http.Response, call Call) error {
	conn, ok := resp.Body.(io.ReadWriteCloser)
	if !ok || resp.StatusCode != call.Status {
		return errors.New(resp.Status)
	}
	heard := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		buffer := make([]byte, tailSize)
		for {
			if _, err := conn.Read(buffer); err != nil {
				ended <- err
				return
			}
			select {
			case heard <- struct{}{}:
			default:
			}
		}
	}()
	began := time.Now()
	wait := func(enough <-chan time.Time, answer <-chan struct{}) error {
		select {
		case err := <-ended:
			return &cutError{fmt.Errorf("cut: the websocket was closed after %s: %w", time.Since(began).Round(time.Millisecond), err)}
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-enough:
		case <-answer:
		}
		return nil
	}
	if err := wait(time.After(call.Hold), nil); err != nil {
		return err
	}
	select {
	case <-heard: // of before
	default:
	}
	if _, err := conn.Write(pingFrame); err != nil {
		return &cutError{fmt.Errorf("cut: the websocket takes no ping: %w", err)}
	}
	if err := wait(nil, heard); err != nil {
		return err
	}
	_, _ = conn.Write(closeFrame)
	return nil
}
