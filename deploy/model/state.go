package model

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// StateStore is the lock and the journal. Both live on the engine, where every client of it sees them.
type StateStore interface {
	// CanHelp is an *InvalidError if there is no executable of the engine's architecture for the containers of ours: those
	// of the lock and the journal, and those that run next to nginx and next to the application's containers.
	CanHelp(ctx context.Context) error

	// Lock takes a lock or returns *LockedError. A dead holder's lock is taken over; a living one's never.
	Lock(ctx context.Context, name string, h Holder) (Lease, error)

	// Holder says who holds a lock, without taking it; nil: nobody.
	Holder(ctx context.Context, name string) (*Holder, error)

	// Read returns the journal of a project, empty when there is none. One that cannot be understood is a
	// *ManualActionError: it is never overwritten.
	Read(ctx context.Context, project string) (Journal, error)

	// Write replaces the journal of a project.
	Write(ctx context.Context, project string, j Journal) error

	// Sweep removes the helper containers that a killed run left. Locks and journals stay, and so do for a while the
	// helpers of commands that hold no lock: one may run now.
	Sweep(ctx context.Context, project string) error
}

// Lease is a lock that is held.
type Lease interface {
	// Lost is closed when it could not be renewed in time: whoever holds it must stop acting.
	Lost() <-chan struct{}

	// Why says why it was lost, once Lost is closed; nil: it could not be renewed in time.
	Why() error

	// Until is when it ends unless it is renewed. Another may take it from then on, and not before.
	Until() time.Time

	Release(ctx context.Context) error
}

// ErrLeaseLost is the cause of a run's context when its lock could not be renewed.
var ErrLeaseLost = errors.New("the lock could not be renewed in time, and another client may take it: stopped acting")

// Holder is who holds a lock.
type Holder struct {
	Release string    `json:"release"`
	Command string    `json:"command"`
	User    string    `json:"user"`
	Host    string    `json:"host"`
	Machine string    `json:"machine"` // tells hosts of the same name apart, and a host from itself after a reboot
	PID     int       `json:"pid"`
	Start   string    `json:"start"` // the process's start, so that a re-used pid is not taken for it
	Since   time.Time `json:"since"`
}

func (h Holder) String() string {
	return fmt.Sprintf("%s by %s on %s (pid %d) since %s", h.Command, h.User, h.Host, h.PID, h.Since.UTC().Format(time.RFC3339))
}
