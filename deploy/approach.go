package deploy

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// approach is what leads up to a switch and changes nothing yet that users could notice: nginx's lock, a look whether
// its files are still as planned, the entry in the journal that announces the switch, and whether nginx reaches the
// release. It begins shortly before the gate opens, where that can be foreseen, so that users wait for the switch alone.
type approach struct {
	cancel context.CancelFunc
	locked chan struct{} // closed once the lock was taken, or could not be
	done   chan struct{}
	stale  bool  // the release was not good meanwhile
	lease  Lease // nginx's lock, held from some time on
	err    error
}

// approachLead is how long before the opening of the gate an approach begins. Meanwhile other projects cannot switch
// the same nginx.
const approachLead = time.Second

// beginApproach begins one beside whatever else goes on. It ends as a part of the switch, or with withdraw.
func (r *run) beginApproach(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	a := &approach{cancel: cancel, locked: make(chan struct{}), done: make(chan struct{})}
	r.approaching = a
	go func() {
		defer close(a.done)
		a.err = r.approach(ctx, a)
	}()
}

// approached waits for the approach that was begun, or begins it now. The lease is to be given back, whatever the error.
func (r *run) approached(ctx context.Context) (Lease, error) {
	if a := r.approaching; a != nil && a.stale {
		<-a.locked
		r.withdraw(ctx)
	}
	if r.approaching == nil {
		r.beginApproach(ctx)
	}
	a := r.approaching
	<-a.done
	a.cancel()
	r.approaching = nil
	return a.lease, a.err
}

// recede gives up an approach of which nothing comes now. A lock that is being taken is not given up half way: the
// engine may have made it already, and we would wait for ourselves.
func (r *run) recede(ctx context.Context) {
	a := r.approaching
	if a == nil {
		return
	}
	a.stale = true
	select {
	case <-a.locked:
		r.withdraw(ctx)
	default:
	}
}

// withdraw ends an approach and lets others at nginx again.
func (r *run) withdraw(ctx context.Context) {
	if r.approaching == nil {
		return
	}
	r.approaching.cancel()
	r.approaching.stale = false
	if lease, _ := r.approached(ctx); lease != nil {
		r.leave(ctx, lease)
	}
}

// leave gives nginx's lock back, the last that was taken.
func (r *run) leave(ctx context.Context, lease Lease) {
	r.leases = r.leases[:len(r.leases)-1]
	r.giveBack(context.WithoutCancel(ctx), lease)
}

// foreseeable says whether the switch follows the gate's opening at once: no check and no hook comes between, which may
// take any time.
func (r *run) foreseeable() bool {
	return r.route.State != RouterAbsent && len(r.Settings.Checks[r.release.To]) == 0 && len(r.hooks(BeforeSwitch)) == 0
}

func (r *run) approach(ctx context.Context, a *approach) error {
	lease, err := r.take(ctx, "nginx-"+short(r.route.ID), switchWait)
	a.lease = lease
	close(a.locked)
	if err != nil {
		return err
	}
	ctx, cancel := holding(ctx, lease)
	defer cancel()
	if err := r.stillAsPlanned(ctx); err != nil {
		return err
	}
	var group errgroup.Group // an entry is written wholly or not at all
	group.Go(func() error {
		return r.enter(ctx, PhaseSwitching, func(e *Entry) { e.Change, e.Bakes = &r.change, r.bakes() })
	})
	group.Go(func() (err error) {
		if r.targets, err = r.targetsOf(ctx); err != nil {
			return err
		}
		return r.Router.Approach(ctx, r.change, r.targets)
	})
	return group.Wait()
}
