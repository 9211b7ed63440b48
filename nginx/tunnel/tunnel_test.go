package tunnel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// newTunnel is a client and a helper that are connected by two pipes, as a process is.
func newTunnel(t *testing.T) *Client {
	t.Helper()
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- Serve(inRead, outWrite); _ = outWrite.Close() }()
	client, err := NewClient(inWrite, outRead, func() { _ = inWrite.Close(); _ = outRead.Close() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		select {
		case err := <-served:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Error("the helper did not end with its input")
		}
	})
	return client
}

// service is a TCP server that does one thing with each connection.
func service(t *testing.T, do func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { defer conn.Close(); do(conn.(*net.TCPConn)) })
		}
	})
	return l.Addr().String()
}

// forwarded is a local address that leads to a service through a tunnel, and what failed.
func forwarded(t *testing.T, client *Client, to string) (address string, failures func() []error, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	var failed []error
	ended := make(chan error, 1)
	go func() {
		ended <- Forward(ctx, l, func(ctx context.Context) (Conn, error) { return client.Dial(ctx, to) }, func(err error) {
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, err)
		})
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("Forward ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return l.Addr().String(), func() []error { mu.Lock(); defer mu.Unlock(); return failed }, stop
}

func dial(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	return conn.(*net.TCPConn)
}

// A client that has sent everything still gets the whole answer.
func TestHalfClose(t *testing.T) {
	to := service(t, func(c *net.TCPConn) {
		all, _ := io.ReadAll(c)
		time.Sleep(50 * time.Millisecond)
		_, _ = c.Write([]byte("got " + string(all)))
	})
	address, _, _ := forwarded(t, newTunnel(t), to)
	conn := dial(t, address)
	if _, err := conn.Write([]byte("everything")); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || string(answer) != "got everything" {
		t.Errorf("the answer is %q, %v", answer, err)
	}
}

// Both directions at once, 40 MB each, next to twenty small connections: every byte arrives in its place.
func TestManyBytes(t *testing.T) {
	to := service(t, func(c *net.TCPConn) {
		_, _ = io.Copy(c, c)
	})
	address, failures, _ := forwarded(t, newTunnel(t), to)
	sent, came := sha256.New(), sha256.New()
	conn := dial(t, address)
	var both sync.WaitGroup
	both.Go(func() {
		source := io.LimitReader(rand.NewChaCha8([32]byte{1}), 40<<20)
		if _, err := io.Copy(io.MultiWriter(conn, sent), source); err != nil {
			t.Error(err)
		}
		_ = conn.CloseWrite()
	})
	for range 20 {
		both.Go(func() {
			small := dial(t, address)
			_, _ = small.Write([]byte("hello"))
			_ = small.CloseWrite()
			if text, err := io.ReadAll(small); err != nil || string(text) != "hello" {
				t.Errorf("a small connection got %q, %v", text, err)
			}
		})
	}
	n, err := io.Copy(came, conn)
	both.Wait()
	if err != nil || n != 40<<20 || !bytes.Equal(sent.Sum(nil), came.Sum(nil)) {
		t.Errorf("%d bytes came back, %v, the same: %v", n, err, bytes.Equal(sent.Sum(nil), came.Sum(nil)))
	}
	if len(failures()) > 0 {
		t.Error(failures())
	}
}

// A download that was cut off must not look complete.
func TestCutOff(t *testing.T) {
	to := service(t, func(c *net.TCPConn) {
		_, _ = c.Write([]byte("the beginning"))
		_, _ = c.Read(make([]byte, 1))
		_ = c.SetLinger(0) // RST
	})
	address, _, _ := forwarded(t, newTunnel(t), to)
	conn := dial(t, address)
	if _, err := io.ReadFull(conn, make([]byte, len("the beginning"))); err != nil {
		t.Fatal(err)
	}
	_, _ = conn.Write([]byte("x"))
	if _, err := io.ReadAll(conn); err == nil {
		t.Error("a connection that was reset ended as if it were complete")
	}
}

// A client that leaves ends the connection at the service.
func TestClientLeaves(t *testing.T) {
	left := make(chan struct{})
	to := service(t, func(c *net.TCPConn) {
		for {
			if _, err := c.Write([]byte("x")); err != nil {
				close(left)
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	address, _, _ := forwarded(t, newTunnel(t), to)
	conn := dial(t, address)
	if _, err := io.ReadFull(conn, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetLinger(0)
	_ = conn.Close()
	select {
	case <-left:
	case <-time.After(time.Minute):
		t.Error("the service still sends")
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to := l.Addr().String()
	_ = l.Close()
	client := newTunnel(t)
	address, failures, _ := forwarded(t, client, to)
	if conn, err := net.Dial("tcp", address); err == nil { // it may be reset before it is set up
		defer conn.Close()
		if _, err := io.ReadAll(conn); err == nil {
			t.Error("the connection ended as if it were complete")
		}
	}
	for range 200 {
		if len(failures()) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	var refused *UnreachableError
	if all := failures(); len(all) != 1 || !errors.As(all[0], &refused) || !strings.Contains(refused.Error(), "connection refused") {
		t.Errorf("failures %v", all)
	}
	if client.Ended() {
		t.Error("the tunnel ended with it")
	}
}

// What is open ends with Forward, and a tunnel whose other end is gone says so.
func TestEnds(t *testing.T) {
	to := service(t, func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) })
	client := newTunnel(t)
	address, _, stop := forwarded(t, client, to)
	conn := dial(t, address)
	_, _ = conn.Write([]byte("x"))
	time.Sleep(50 * time.Millisecond)
	stop()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
	client.Close()
	if _, err := client.Dial(context.Background(), to); err == nil || !client.Ended() {
		t.Errorf("after its end: %v, ended: %v", err, client.Ended())
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	r, w, err := os.Pipe() // nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	client, err := NewClient(io.Discard, r, func() { _ = r.Close() })
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.Dial(ctx, "127.0.0.1:1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it ended with %v", err)
	}
}
