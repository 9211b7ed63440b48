package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// acceptPause is the pause after a connection that could not be accepted.
const acceptPause = 50 * time.Millisecond

// Join copies between two connections until both directions have ended. The end of one direction is passed on, and the other
// one continues. A connection that breaks is broken on the other side too, so that a download that was cut off does not look
// complete. Both are closed afterwards.
func Join(a, b Conn) {
	var both sync.WaitGroup
	both.Go(func() { copyTo(b, a) })
	copyTo(a, b)
	both.Wait()
	_ = a.Close()
	_ = b.Close()
}

// copyTo copies one direction.
func copyTo(to, from Conn) {
	_, err := io.Copy(plainWriter{to}, plainReader{from})
	if err == nil {
		err = to.CloseWrite()
	}
	if err != nil {
		breakOff(to)
		breakOff(from)
	}
}

// plainWriter and plainReader hide everything else: a copy of the kernel's between two sockets says nothing of which of them
// failed.
type (
	plainWriter struct{ io.Writer }
	plainReader struct{ io.Reader }
)

// breakOff closes a connection so that the other side sees it broken.
func breakOff(c Conn) {
	switch c := c.(type) {
	case interface{ Reset() error }:
		_ = c.Reset()
	case *net.TCPConn:
		_ = c.SetLinger(0)
		_ = c.Close()
	default:
		_ = c.Close()
	}
}

// Forward accepts connections and joins each with one that dial opens, until ctx ends. It calls failed with the error of dial,
// and breaks the connection off. All connections are closed when it returns.
func Forward(ctx context.Context, listener net.Listener, dial func(context.Context) (Conn, error), failed func(error)) error {
	var all sync.WaitGroup
	defer all.Wait()
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			if conn != nil {
				_ = conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // one that was given up before it was accepted, or too many open files
			failed(err)
			time.Sleep(acceptPause)
			continue
		}
		local, ok := conn.(*net.TCPConn)
		if !ok {
			_ = conn.Close()
			return errors.New("only TCP can be forwarded")
		}
		all.Go(func() { forward(ctx, local, dial, failed) })
	}
}

func forward(ctx context.Context, local *net.TCPConn, dial func(context.Context) (Conn, error), failed func(error)) {
	remote, err := dial(ctx)
	if err != nil {
		breakOff(local)
		if ctx.Err() == nil {
			failed(err)
		}
		return
	}
	stop := context.AfterFunc(ctx, func() { breakOff(local); breakOff(remote) })
	defer stop()
	Join(local, remote)
}
