package deploy

import (
	"context"
	"sync"
	"time"

	"bluegate/deploy/model"
)

// approach is what leads up to a switch and changes nothing yet that users could notice: nginx's lock, a look whether
// its files are still as planned and whether it reaches the release, and the entry in the journal that announces the
// switch. It begins shortly before the gate opens, where that can be foreseen, so that users wait for the switch alone.
type approach struct {
	cancel context.CancelFunc
	locked chan struct{} // closed once the lock was taken, or could not be
	done   chan struct{}
	stale  bool        // the release was not good meanwhile
	lease  model.Lease // nginx's lock, held from some time on
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
func (r *run) approached(ctx context.Context) (model.Lease, error) {
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
func (r *run) leave(ctx context.Context, lease model.Lease) {
	r.leases = r.leases[:len(r.leases)-1]
	r.giveBack(context.WithoutCancel(ctx), lease)
}

// foreseeable says whether the switch follows the gate's opening at once: no check and no hook comes between, which may
// take any time.
func (r *run) foreseeable() bool {
	return r.route.State != model.RouterAbsent && len(r.Settings.Checks[r.release.To]) == 0 && len(r.hooks(model.BeforeSwitch)) == 0
}

func (r *run) approach(ctx context.Context, a *approach) error {
	var targets []model.Target
	var unlisted error
	var listed sync.WaitGroup
	began := time.Now()
	listed.Go(func() { targets, unlisted = r.targetsOf(ctx) })
	lease, err := r.take(ctx, "nginx-"+short(r.route.ID), switchWait)
	a.lease = lease
	close(a.locked)
	listed.Wait()
	if err != nil {
		return err
	}
	ctx, cancel := holding(ctx, lease)
	defer cancel()
	if time.Since(began) >= lockPoll { // the release may be as it is no more
		targets, unlisted = r.targetsOf(ctx)
	}
	if unlisted != nil {
		return unlisted
	}
	workers, err := r.stand(ctx, targets)
	if err != nil {
		return err
	}
	return r.enter(ctx, model.PhaseSwitching, func(e *model.Entry) {
		r.change.Workers = workers
		e.Change, e.Bakes = &r.change, r.bakes()
	})
}

// replans is how often the change is planned anew because its files are not as they were: somebody's generator may write
// them again and again.
const replans = 3

// stand has nginx look at what is to come. If another project's switch changed the files since they were read, the change
// is planned and rehearsed anew; what a person edited meanwhile was never loaded, and is refused by that.
func (r *run) stand(ctx context.Context, targets []model.Target) ([]int, error) {
	for try := 0; ; try++ {
		now, err := r.Router.Approach(ctx, r.change, targets)
		switch {
		case err != nil:
			return nil, err
		case now.State == model.ChangeNotApplied:
			r.targets = targets
			return now.Workers, nil
		case try == replans:
			return nil, model.Refuse(model.NginxNotSwitched, "the configuration of %s changed %d times while the switch was planned; find out what writes it, and deploy again", r.route.Nginx, try+1)
		}
		if err := r.planAnew(ctx); err != nil {
			return nil, err
		}
		if targets, err = r.targetsOf(ctx); err != nil { // the release may not be good any more
			return nil, err
		}
	}
}
