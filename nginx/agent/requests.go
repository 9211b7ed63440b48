//go:build linux

package agent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"bluegate/deploy/judge"
)

const (
	mostRecords = 20000       // that are kept until they are asked for
	unasked     = time.Minute // after which what was kept is forgotten
	logBuffer   = 4 << 20     // of the kernel, as far as it allows
	longestLine = 64 << 10    // a datagram is no longer
)

// requestLog receives what nginx logs of its requests, as datagrams of syslog's to this network namespace alone. It keeps
// the records until they are asked for, and no more than mostRecords. The zero value is ready, and does not listen.
type requestLog struct {
	mu      sync.Mutex
	conn    *net.UDPConn // nil: it does not listen
	port    int
	batch   judge.Batch
	dropped uint32 // by the kernel, since it listens
	asked   time.Time
}

// take returns what came since it was asked last. It begins to listen where it does not, and stops where that is asked for.
func (l *requestLog) take(r Requests) Response {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil && r.Stop {
		return Response{}
	}
	if l.conn != nil && l.port != r.Port {
		l.stop()
	}
	if l.conn == nil {
		if err := l.listen(r.Port); err != nil {
			return Response{Error: fmt.Sprintf("receive what nginx logs at 127.0.0.1:%d: %v", r.Port, cause(err))}
		}
	}
	took := l.batch
	l.batch, l.asked = judge.Batch{}, time.Now()
	if r.Stop {
		l.stop()
	}
	return Response{Requests: &took}
}

func (l *requestLog) stop() {
	_ = l.conn.Close()
	l.conn, l.batch = nil, judge.Batch{}
}

// listen binds the port, and has the kernel count what it drops.
func (l *requestLog) listen(port int) error {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return err
	}
	_ = conn.SetReadBuffer(logBuffer) // a smaller one drops sooner, and that is counted
	raw, err := conn.SyscallConn()
	if err == nil {
		failed := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1) })
		err = errors.Join(err, failed)
	}
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	l.conn, l.port, l.dropped = conn, port, 0
	l.batch.Fresh = true
	go l.read(conn)
	return nil
}

// read takes datagrams until the socket is closed.
func (l *requestLog) read(conn *net.UDPConn) {
	line, control := make([]byte, longestLine), make([]byte, 64)
	for {
		n, oobn, flags, _, err := conn.ReadMsgUDPAddrPort(line, control)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(10 * time.Millisecond) // out of memory, for instance
			continue
		}
		record, unreadable := judge.Parse(line[:n])
		l.mu.Lock()
		if l.conn == conn {
			l.keep(record, unreadable != nil || flags&unix.MSG_TRUNC != 0, droppedBy(control[:oobn]))
		}
		l.mu.Unlock()
	}
}

// keep adds one record. dropped is the kernel's count so far.
func (l *requestLog) keep(record judge.Record, unreadable bool, dropped uint32) {
	if dropped > l.dropped {
		l.batch.Lost += int(dropped - l.dropped)
		l.dropped = dropped
	}
	if len(l.batch.Records) > 0 && time.Since(l.asked) > unasked {
		l.batch.Lost += len(l.batch.Records)
		l.batch.Records = nil
	}
	switch {
	case unreadable:
		l.batch.Unreadable++
	case len(l.batch.Records) == mostRecords:
		l.batch.Lost++
	default:
		l.batch.Records = append(l.batch.Records, record)
	}
}

// droppedBy is how many datagrams the kernel has dropped at the socket so far, which it says next to one that it did not
// drop (SO_RXQ_OVFL); 0: none.
func droppedBy(control []byte) uint32 {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_RXQ_OVFL && len(m.Data) >= 4 {
			return binary.NativeEndian.Uint32(m.Data)
		}
	}
	return 0
}
