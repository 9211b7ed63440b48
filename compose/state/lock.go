// Package state keeps the lock and the journal of an application on the engine, where every client of it sees them.
package state

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/containerd/errdefs"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// A lease is renewed three times before it ends. Its holder stops acting some time before another client may take it over.
// The container of a lock that is held for longer than leaseStart is started, so that a prune does not remove it. Most
// switches are shorter, and starting a container takes longer than they do. If a prune removes it before, the start fails.
const (
	leaseLength  = 30 * time.Second
	leaseStart   = time.Second
	leaseRenewal = 10 * time.Second
	leaseTry     = 5 * time.Second // of one renewal
	leaseRetry   = time.Second     // after a failed renewal
	leaseMargin  = 5 * time.Second
)

// Store implements model.StateStore on the engine.
type Store struct {
	engine *engine.Engine
	order  [2]string // in which the next journal is written
	lasts  string    // the project whose journal is known to be in a running container
}

// New returns a Store that keeps lock and journal on the engine.
func New(e *engine.Engine) *Store {
	return &Store{engine: e, order: [2]string{journalDraft, journalFile}}
}

// CanHelp implements model.StateStore.
func (l *Store) CanHelp(ctx context.Context) error {
	if !l.engine.CanWait() {
		return nil
	}
	_, _, err := l.engine.WaitExecutable(ctx)
	return l.engine.Unreachable(err)
}

func (l *Store) lockVessel(name string) engine.StateContainer {
	return engine.StateContainer{Engine: l.engine, Name: "bluegate-lock-" + name}
}

// leaseEnd is the end of a lease that starts now, by the wall clock: it continues while a machine is suspended, as the
// engine's clock does.
func leaseEnd() time.Time { return time.Now().Round(0).Add(leaseLength) }

// lockPause is the pause between two attempts to read the holder of a new lock. The engine reserves a container's name
// before it can return the container.
const lockPause = 25 * time.Millisecond

// Lock implements model.StateStore.
func (l *Store) Lock(ctx context.Context, name string, h model.Holder) (model.Lease, error) {
	v := l.lockVessel(name)
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	if l.engine.CanWait() { // before the lease starts, because an upload takes time
		if err := l.engine.EnsureWaitImage(ctx); err != nil {
			return nil, l.engine.Unreachable(fmt.Errorf("take the lock %s: %w", name, err))
		}
	}
	for deadline := time.Now().Add(engine.AskLimit); ; {
		until := leaseEnd()
		id, err := v.Create(ctx, map[string]string{engine.HolderLabel: string(text)})
		if err == nil {
			return l.hold(ctx, id, until), nil
		}
		if !errdefs.IsConflict(err) || time.Now().After(deadline) {
			return nil, l.engine.Unreachable(fmt.Errorf("take the lock %s: %w", name, err))
		}
		holder, alive, err := l.holderAlive(ctx, v)
		if err != nil {
			return nil, l.engine.Unreachable(fmt.Errorf("read the lock %s: %w", name, err))
		}
		if alive {
			return nil, &model.LockedError{Lock: name, Holder: holder}
		}
		if err := l.clear(ctx, v); err != nil {
			return nil, l.engine.Unreachable(fmt.Errorf("remove the lock %s of a dead holder (%s): %w", name, holder, err))
		}
		if err := model.Sleep(ctx, lockPause); err != nil {
			return nil, err
		}
	}
}

// hold starts to renew the lease of a lock. The first lease starts with the creation of the lock; only renewals are
// written. From here on the lock is identified by its id: after the lease has ended, its name may belong to another
// one.
func (l *Store) hold(ctx context.Context, id string, until time.Time) *lease {
	return keepLease(ctx, l.engine, containerLock{engine.StateContainer{Engine: l.engine, Name: id}}, until)
}

// keepLease starts to renew a lease that ends at until.
func keepLease(ctx context.Context, e *engine.Engine, held heldLock, until time.Time) *lease {
	lease := &lease{engine: e, held: held, lost: make(chan struct{})}
	lease.until.Store(&until)
	lease.released = e.Leases.Hold(lease.Until)
	ctx, lease.stop = context.WithCancel(context.WithoutCancel(ctx))
	lease.done.Go(func() { lease.keep(ctx, until) })
	return lease
}

// clear removes the container by the id that was inspected, so that a lock that someone else has taken in the meantime
// stays.
func (l *Store) clear(ctx context.Context, v engine.StateContainer) error {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := l.engine.ContainerInspect(ctx, v.Name)
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, alive, err := l.holderAlive(ctx, engine.StateContainer{Engine: l.engine, Name: info.ID}); err != nil || alive {
		return err
	}
	return engine.RemoveContainer(ctx, l.engine, info.ID)
}

// Holder implements model.StateStore.
func (l *Store) Holder(ctx context.Context, name string) (*model.Holder, error) {
	h, alive, err := l.holderAlive(ctx, l.lockVessel(name))
	if err != nil || !alive {
		return nil, l.engine.Unreachable(err)
	}
	return &h, nil
}

// holderAlive says whether the holder of a lock is alive: by its process if that is visible, otherwise by its lease.
func (l *Store) holderAlive(ctx context.Context, v engine.StateContainer) (h model.Holder, alive bool, err error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := l.engine.ContainerInspect(ask, v.Name)
	if errdefs.IsNotFound(err) {
		return h, false, nil
	}
	if err != nil {
		return h, false, err
	}
	if err := json.Unmarshal([]byte(info.Config.Labels[engine.HolderLabel]), &h); err != nil {
		return h, false, fmt.Errorf("container %s is not a bluegate lock (its label %s cannot be read); remove it if it is not needed", v.Name, engine.HolderLabel)
	}
	if seen, lives := processOf(h); seen {
		return h, lives, nil
	}
	created, err := time.Parse(time.RFC3339Nano, info.Created)
	if err != nil {
		return h, false, err
	}
	until := created.Add(l.engine.Skew).Add(leaseLength)
	if text, err := v.Get(ctx, leaseFile); err == nil {
		var at time.Time
		if at.UnmarshalText(text) == nil {
			until = at.Add(l.engine.Skew)
		}
	} else if !errdefs.IsNotFound(err) {
		return h, false, err
	}
	return h, time.Now().Before(until), nil
}

const leaseFile = "lease"

// heldLock is what a lease keeps on the engine.
type heldLock interface {
	// renew moves the end of the lease to until, by the local clock. errdefs.IsNotFound means that the lock was removed.
	renew(ctx context.Context, until time.Time) error
	// remove gives the lock back.
	remove(ctx context.Context) error
	// String is what was removed, if it was: "container 0123456789ab".
	String() string
}

type lease struct {
	engine *engine.Engine
	held   heldLock
	lost   chan struct{}
	stop   context.CancelFunc
	done   sync.WaitGroup
	until  atomic.Pointer[time.Time]
	why    error // set before lost is closed

	released func() // it counts for the engine's requests no more
}

// Until implements model.Lease.
func (l *lease) Until() time.Time { return *l.until.Load() }

// containerLock is a lock that is a container.
type containerLock struct{ vessel engine.StateContainer }

// renew implements heldLock. It writes the end of the lease by the engine's clock, which all clients share.
func (l containerLock) renew(ctx context.Context, until time.Time) error {
	text, err := until.Add(-l.vessel.Engine.Skew).UTC().MarshalText()
	if err != nil {
		return err
	}
	if err := l.vessel.Put(ctx, text, leaseFile); err != nil {
		return err
	}
	return l.vessel.Start(ctx) // a restart of the engine stops it
}

func (l containerLock) remove(ctx context.Context) error { return l.vessel.Remove(ctx) }

func (l containerLock) String() string { return fmt.Sprintf("container %.12s", l.vessel.Name) }

// keep renews the lease until it is released. The lease is lost before anyone else can take it, whether the engine
// refuses or hangs.
func (l *lease) keep(ctx context.Context, until time.Time) {
	pause := leaseStart
	for {
		last := until.Add(-leaseMargin)
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(pause, time.Until(last))):
		}
		renewing, cancel := context.WithTimeout(ctx, min(leaseTry, time.Until(last)))
		next := leaseEnd()
		err := l.held.renew(renewing, next)
		cancel()
		switch {
		case err == nil:
			until, pause = next, leaseRenewal
			l.until.Store(&next)
		case ctx.Err() != nil:
			return
		case errdefs.IsNotFound(err):
			l.why = fmt.Errorf("the lock was removed from the engine (its %s does not exist any more: a prune, or someone who removed it), so another client may hold it by now", l.held)
			close(l.lost)
			return
		case !time.Now().Before(last):
			close(l.lost)
			return
		default:
			pause = leaseRetry
		}
	}
}

// Lost implements model.Lease.
func (l *lease) Lost() <-chan struct{} { return l.lost }

// Why implements model.Lease.
func (l *lease) Why() error { return l.why }

// Release implements model.Lease. It does not touch a lease that was lost: it may belong to someone else by now.
func (l *lease) Release(ctx context.Context) error {
	l.stop()
	l.done.Wait()
	defer l.released()
	select {
	case <-l.lost:
		return nil
	default:
		return l.engine.Unreachable(l.held.remove(ctx))
	}
}
