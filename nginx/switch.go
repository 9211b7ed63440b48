package nginx

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/fsys"
	"bluegate/nginx/instance"
)

// Approach implements model.Router.
func (r *Router) Approach(ctx context.Context, change model.Change, targets []model.Target) (model.Standing, error) {
	r.before = nil
	running := r.found.IsRunning()
	if running {
		if err := r.found.Follow(ctx, change.Files); err != nil {
			return model.Standing{}, unreachable(err)
		}
	}
	var now model.Standing
	var uncompared error
	var compared sync.WaitGroup
	compared.Go(func() { now.State, uncompared = r.Compare(ctx, change) })
	var before agent.Snapshot
	group, all := errgroup.WithContext(ctx)
	group.Go(func() error { return r.Reach(all, targets) })
	if running {
		group.Go(func() (err error) {
			before, err = r.found.Processes(all)
			return unreachable(err)
		})
	}
	if change.Unloaded {
		group.Go(func() error { return forget(all, change.Memory, targets) })
	}
	err := group.Wait()
	compared.Wait()
	switch {
	case uncompared != nil:
		return model.Standing{}, uncompared
	case now.State != model.ChangeNotApplied: // whatever else is wrong: the targets are those of a plan that is none any more
		return now, nil
	case err != nil:
		return now, err
	}
	if running {
		r.before, now.Workers = &before, before.Accepting()
	}
	return now, nil
}

// Switch implements model.Router. An nginx that was restarted since Approach is followed; that the workers which
// Approach saw are older than the change is what matters.
func (r *Router) Switch(ctx context.Context, change model.Change, targets []model.Target) (model.Switched, error) {
	began := time.Now()
	if r.before == nil {
		return model.Switched{}, errNotApproached
	}
	before := *r.before
	r.before = nil
	if err := r.found.Follow(ctx, change.Files); err != nil {
		return model.Switched{}, unreachable(err)
	}
	if change.Unloaded {
		return r.flip(ctx, change, targets, before, began)
	}
	rest, written, err := r.put(ctx, change)
	if err != nil {
		return model.Switched{}, r.takeBack(ctx, change.Files[:written], before, err)
	}
	after, err := r.signal(ctx, rest, targets)
	if err == nil {
		err = r.proveAnswers(ctx, change.Proofs, targets, r.opts.ProofTimeout)
	}
	if err == nil {
		err = r.stillHeld(ctx, change)
	}
	if err != nil {
		return model.Switched{}, r.takeBack(ctx, change.Files, before, err)
	}
	return r.switched(change, before, after, began), nil
}

var errNotApproached = errors.New("the switch was not prepared: Approach comes before Switch")

// put writes the change and looks at it with nginx's eyes. It returns nginx at rest with the new bytes before it, or how
// many of the files have to be put back.
func (r *Router) put(ctx context.Context, change model.Change) (rest agent.Snapshot, written int, err error) {
	if written, err = r.write(ctx, change.Files, false); err != nil {
		return rest, written, err
	}
	if err = r.stillHeld(ctx, change); err != nil {
		return rest, written, err
	}
	rest, err = r.atRest(ctx)
	return rest, written, err
}

// stillHeld wants the files as the change leaves them: as nginx sees them, and where its next start would read them. It is
// asked after the writing and again after the proof: what somebody wrote just before the signal is what nginx has loaded.
func (r *Router) stillHeld(ctx context.Context, change model.Change) error {
	in := r.found.Files(ctx)
	for _, f := range change.Files {
		now, _, err := fsys.StateOf(in, f)
		if err == nil && now == fsys.HasNew {
			now, err = r.found.AtStart(ctx, f)
		}
		if err != nil {
			return err
		}
		if now != fsys.HasNew {
			return r.notHeld(f)
		}
	}
	return nil
}

func (r *Router) notHeld(f model.FileChange) error {
	return model.Refuse(model.NginxNotSwitched, "%s of %s does not hold what was written to it: it was changed, or replaced on the host, at the same moment", f.Path, r.found)
}

// atRest is what runs once the master has done what it was signalled to do before, by somebody else or by a switch that
// was given up: the workers of such a reload may have read other bytes than those of now, and are not to be taken for the
// workers of the next one. The error of a master that does not come to rest is a *pendingError.
func (r *Router) atRest(ctx context.Context) (agent.Snapshot, error) {
	for until := time.Now().Add(r.opts.ProofTimeout); ; {
		now, err := r.found.Processes(ctx)
		switch {
		case err != nil || !now.Busy():
			return now, err
		case ctx.Err() != nil:
			return now, &pendingError{context.Cause(ctx)}
		case time.Now().After(until):
			return now, &pendingError{fmt.Errorf("its master has been busy with an earlier signal for %s", r.opts.ProofTimeout)}
		}
		time.Sleep(5 * pollProof)
	}
}

// load signals an nginx that reads what was written, and proves what it serves.
func (r *Router) load(ctx context.Context, targets []model.Target) (agent.Snapshot, error) {
	rest, err := r.atRest(ctx)
	if err != nil {
		return agent.Snapshot{}, err
	}
	return r.signal(ctx, rest, targets)
}

// signal makes nginx load what was written before it was seen at rest. Whoever else signals it after that makes it read
// the same bytes; that a reload from before is not taken for ours is what rest is for.
func (r *Router) signal(ctx context.Context, rest agent.Snapshot, targets []model.Target) (agent.Snapshot, error) {
	if ctx.Err() != nil {
		return agent.Snapshot{}, context.Cause(ctx)
	}
	signalled := time.Now()
	if err := r.found.Reload(ctx, rest); err != nil {
		return agent.Snapshot{}, err
	}
	return r.proveReload(ctx, rest, signalled, targets)
}

func (r *Router) switched(change model.Change, before, after agent.Snapshot, began time.Time) model.Switched {
	s := model.Switched{
		Nginx: r.found.String(), At: time.Now(), Points: change.Points, Files: []string{},
		OldWorkers: len(before.Workers), NewWorkers: len(after.Workers), ProofMS: time.Since(began).Milliseconds(),
		Proof: []string{
			fmt.Sprintf("every address accepted a connection from the network namespace of %s, and each name leads to the release's containers only, before the reload and after it", r.found),
			"nginx sees the bytes that were written, and so would its next start",
			fmt.Sprintf("the %d workers from before the signal are gone or shutting down; %d new ones accept connections", len(before.Workers), len(after.Workers)),
		},
	}
	s.Proof = append(s.Proof, proofWords(change.Proofs)...)
	for _, f := range change.Files {
		s.Files = append(s.Files, f.Path)
	}
	return s
}

// mayUndo is an error once the lock is lost: another run may be at work on what this one wrote.
func mayUndo(ctx context.Context, written []model.FileChange) error {
	if len(written) > 0 && errors.Is(context.Cause(ctx), model.ErrLeaseLost) {
		return model.ErrLeaseLost
	}
	return nil
}

// takeBack undoes a switch that was not proven, on a context of its own, and says what users may have met.
func (r *Router) takeBack(ctx context.Context, written []model.FileChange, before agent.Snapshot, cause error) error {
	failed := &model.NotSwitchedError{Err: cause, Reason: model.Reason{Code: model.NginxNotSwitched, Message: fmt.Sprintf("%s was not switched: %v", r.found, cause)}}
	if err := mayUndo(ctx, written); err != nil {
		failed.Applied, failed.Restored = true, err
		return failed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*pendingLimit)
	defer cancel()
	var refused *model.RefusedError
	if errors.As(cause, &refused) {
		failed.Reason = refused.Reasons[0]
	}
	var pending *pendingError
	failed.Applied, failed.Restored = r.restore(ctx, written, before, errors.As(cause, &pending))
	return failed
}

// pendingLimit is how long a reload may take that was not done when its proof was given up.
const pendingLimit = time.Minute

// settling is how long a reload that was given up may still come into effect: the master reads the files first and
// may then be held up, by a slow resolver for instance.
const settling = 2 * time.Second

// restore puts the old bytes back. When no worker changed since before the change nothing was applied, and that
// suffices; otherwise nginx loads the old configuration and that is proven. A reload that may still be under way is
// overtaken by another: whatever the master parses last, it is the old bytes. A master that waits for its next signal
// has none under way.
func (r *Router) restore(ctx context.Context, written []model.FileChange, before agent.Snapshot, pending bool) (applied bool, err error) {
	_, err = r.write(ctx, written, true)
	if err != nil && !errors.Is(err, instance.ErrForeign) && r.found.IsRunning() && r.comesBack(ctx, written) == nil { // nginx was just being restarted
		_, err = r.write(ctx, written, true)
	}
	if err != nil {
		return true, r.byHand(written, err)
	}
	if now, err := r.found.Processes(ctx); pending && (err != nil || !now.Master.Waiting) {
		patient := *r
		patient.opts.ProofTimeout = pendingLimit
		_, err := patient.load(ctx, nil)
		return true, r.byHand(nil, err)
	}
	for until := time.Now().Add(settling); ; {
		now, err := r.found.Processes(ctx)
		if err != nil {
			return true, err
		}
		if _, fresh := now.Diff(before); fresh > 0 || len(now.ShuttingDown) > len(before.ShuttingDown) {
			break
		}
		if time.Now().After(until) {
			return false, nil
		}
		time.Sleep(5 * pollProof)
	}
	_, err = r.load(ctx, nil)
	return true, r.byHand(nil, err)
}
