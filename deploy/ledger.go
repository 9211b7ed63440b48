package deploy

import (
	"context"
	"fmt"
	"time"
)

// Ledger is the lock and the journal. Both live on the engine, where every client of it sees them.
type Ledger interface {
	// Lock takes a lock or returns *LockedError. A dead holder's lock is taken over; a living one's never.
	Lock(ctx context.Context, name string, h Holder) (Lease, error)

	// Holder says who holds a lock, without taking it; nil: nobody.
	Holder(ctx context.Context, name string) (*Holder, error)

	// Read returns the journal of a project, empty when there is none. One that cannot be understood is a
	// *PersonError: it is never overwritten.
	Read(ctx context.Context, project string) (Journal, error)

	// Write replaces the journal of a project.
	Write(ctx context.Context, project string, j Journal) error

	// Swept removes containers of ours that a killed run left behind (helpers, not locks and journals).
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

// JournalVersion is the layout of the journal. A journal of another version is refused, never reset.
const JournalVersion = 1

// Journal says what was under way, never what is true: that is asked of the engine and of nginx.
type Journal struct {
	Version int `json:"version"`
	// Application is which one it is of. Journals of older versions do not say it.
	Application *Identity `json:"application,omitempty"`
	Current     *Entry    `json:"current,omitempty"`
	Past        []Past    `json:"past,omitempty"` // newest first
	// Releases were promoted, the newest first: the one that was made live last, the one that rollback goes back to, and
	// a few before them.
	Releases []Record `json:"releases,omitempty"`
	// Brought are the images that promoted releases brought and that are not pruned yet. One without a name is removed
	// only when it has none any more.
	Brought []BroughtImage `json:"brought,omitempty"`
}

// Entry is a deployment under way. It is written before each mutation that it announces.
type Entry struct {
	Release string    `json:"release"`
	From    Colour    `json:"from"`
	To      Colour    `json:"to"`
	Phase   Phase     `json:"phase"`
	Began   time.Time `json:"began"`
	// Images are the tags as they stood before the pull, so that a failed release can give them back.
	Images []BroughtImage `json:"images,omitempty"`
	Change *Change        `json:"change,omitempty"`
	// Adopted says that Change was planned anew after the switch, over what somebody else had edited since.
	Adopted bool `json:"adopted,omitempty"`
	// Bakes says that a release which nginx serves has not passed before its bake has.
	Bakes bool `json:"bakes,omitempty"`
	// Keep is what becomes of the old colour, for a retirement that a later run finishes.
	Keep Keep `json:"keep"`
	// Old is the release that retires, with the restart policies that are taken away from its containers.
	Old *Record `json:"old,omitempty"`
	// Back is the release that a rollback goes back to, and Instead the one from which it does.
	Back    *Record `json:"back,omitempty"`
	Instead string  `json:"instead,omitempty"`
	// Awake says that the containers of Back had never been stopped, and Drains that they were about to be: old workers
	// may still answer from them.
	Awake  bool   `json:"awake,omitempty"`
	Drains bool   `json:"drains,omitempty"`
	By     string `json:"by,omitempty"` // user@host
}

// Phase is how far a deployment came. A phase is entered in the journal before its first mutation.
type Phase string

// The phases, in their order.
const (
	PhaseBegun     Phase = "begun"
	PhasePulling   Phase = "pulling"
	PhaseStarting  Phase = "starting"
	PhaseSwitching Phase = "switching"
	PhaseBaking    Phase = "baking"   // proven; not yet promoted
	PhaseSwitched  Phase = "switched" // proven; only draining and stopping are left
)

// beforeSwitch says that nothing of nginx can have been changed yet.
func (p Phase) beforeSwitch() bool {
	return p == PhaseBegun || p == PhasePulling || p == PhaseStarting
}

// Past is a release that ended.
type Past struct {
	Release string    `json:"release"`
	Colour  Colour    `json:"colour"`
	Outcome Outcome   `json:"outcome"`
	At      time.Time `json:"at"`
}

// Keep is what becomes of the old colour's containers.
type Keep string

// The ways to keep an old colour.
const (
	KeepStopped Keep = "stopped"
	KeepRunning Keep = "running"
	KeepRemoved Keep = "removed"
)
