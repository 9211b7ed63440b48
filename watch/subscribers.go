package watch

import (
	"context"
	"sync"
)

// Subscribers are the readers who are told that something changed. The zero value has none. It may be used by several
// goroutines.
type Subscribers struct {
	mu  sync.Mutex
	all map[chan<- struct{}]bool
}

// Subscribe returns a channel that gets something after each Signal, until ctx ends; then it is closed. A signal that the
// reader does not take is dropped.
func (s *Subscribers) Subscribe(ctx context.Context) <-chan struct{} {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	if s.all == nil {
		s.all = map[chan<- struct{}]bool{}
	}
	s.all[c] = true
	s.mu.Unlock()
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, c)
		close(c)
	})
	return c
}

// Signal tells every subscriber. It waits for none.
func (s *Subscribers) Signal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.all {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
