package engine

import (
	"sync"
	"time"

	"bluegate/deploy/model"
)

// Leases are the locks that this process holds. A process that was suspended goes on where it was, maybe long after
// another client has taken its locks: so the end of every lease is asked before each request that changes something. A nil
// *Leases has none.
type Leases struct {
	mu   sync.Mutex
	held map[int]func() time.Time
	next int
}

// Hold adds a lease that ends at until, which moves on as the lease is renewed. The lease counts until release is called.
func (l *Leases) Hold(until func() time.Time) (release func()) {
	if l == nil {
		return func() {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[int]func() time.Time{}
	}
	l.next++
	id := l.next
	l.held[id] = until
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, id)
	}
}

// Until returns the end of the lease that ends first, by the local clock; zero if none is held.
func (l *Leases) Until() (first time.Time) {
	if l == nil {
		return first
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, until := range l.held {
		if end := until(); first.IsZero() || end.Before(first) {
			first = end
		}
	}
	return first
}

// Ask returns model.ErrLeaseLost if a lease has ended. It compares by the wall clock, which continues while a machine is
// suspended.
func (l *Leases) Ask() error {
	if until := l.Until(); !until.IsZero() && !time.Now().Round(0).Before(until.Round(0)) {
		return model.ErrLeaseLost
	}
	return nil
}
