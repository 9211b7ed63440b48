package watch

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// Self looks at this process and its machine: what cannot be measured is no failure of the application.
type Self struct {
	// Reference is a second host:port that answers if the network works; empty: none.
	Reference string

	mu    sync.Mutex
	at    time.Time
	known error
}

// selfFor is how long the result of a look is used: many checks fail at the same time.
const selfFor = time.Second

// selfLimit is how long a connection may take.
const selfLimit = 3 * time.Second

// Look returns why nothing can be measured from here; nil: it can.
func (s *Self) Look(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.at.IsZero() && time.Since(s.at) < selfFor {
		return s.known
	}
	s.known = s.look(ctx)
	s.at = time.Now()
	return s.known
}

func (s *Self) look(ctx context.Context) error {
	if err := loopback(ctx); err != nil {
		return fmt.Errorf("this process cannot connect to itself: %w", err)
	}
	if s.Reference == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, selfLimit)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Reference)
	if err != nil {
		return fmt.Errorf("the reference %s cannot be reached from here: %w", s.Reference, err)
	}
	return conn.Close()
}

// loopback connects to a port of this process.
func loopback(ctx context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(ctx, selfLimit)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		return err
	}
	return conn.Close()
}
