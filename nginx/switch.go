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

// Switch implements model.Nginx.
func (n *observed) Switch(ctx context.Context, change model.Change, targets []model.Target, begin func(model.Change) error) (model.Switched, error) {
	if err := n.there(); err != nil {
		return model.Switched{}, err
	}
	began := time.Now()
	before, err := n.ready(ctx, change, targets)
	if err != nil {
		return model.Switched{}, err
	}
	change = n.opened(change)
	change.Workers = before.Accepting()
	if err := begin(change); err != nil {
		return model.Switched{}, err
	}
	if !n.found.IsRunning() {
		return n.start(ctx, change, targets, began)
	}
	// What runs now may be an nginx that was restarted meanwhile. That the workers from before are older than the change
	// is what matters.
	if err := n.found.Follow(ctx, change.Files); err != nil {
		return model.Switched{}, unreachable(err)
	}
	if change.Unloaded {
		return n.flip(ctx, change, targets, before, began)
	}
	return n.reload(ctx, change, targets, before, began)
}

// ready wants the files as the change was planned for them, and the targets as nginx is to use them. It returns what
// runs.
func (n *observed) ready(ctx context.Context, change model.Change, targets []model.Target) (before agent.Snapshot, err error) {
	running := n.found.IsRunning()
	if running {
		if err := n.found.Follow(ctx, change.Files); err != nil {
			return before, unreachable(err)
		}
	}
	var now model.ChangeState
	var uncompared error
	var compared sync.WaitGroup
	compared.Go(func() { now, uncompared = n.compare(ctx, change) })
	group, all := errgroup.WithContext(ctx)
	group.Go(func() error { return n.reachable(all, targets) })
	if running {
		group.Go(func() (err error) {
			before, err = n.found.Processes(all)
			return unreachable(err)
		})
	}
	if change.Unloaded {
		group.Go(func() error { return forget(all, change.Memory, targets) })
	}
	err = group.Wait()
	compared.Wait()
	switch {
	case uncompared != nil:
		return before, uncompared
	case now != model.ChangeNotApplied: // whatever else is wrong: the targets are those of a plan that does not hold any more
		return before, model.ErrChanged
	case !running && n.wasStarted(ctx): // by someone, since it was observed
		return before, model.ErrChanged
	}
	return before, err
}

// reload writes the change and has nginx load it, in one request to the agent. Where nginx's next start may read another
// file than it does now, they are two, and that is looked at in between.
func (n *observed) reload(ctx context.Context, change model.Change, targets []model.Target, before agent.Snapshot, began time.Time) (model.Switched, error) {
	files := change.Files
	var after agent.Snapshot
	var err error
	written := len(files)
	if n.found.OtherAtStart(ctx, files) {
		if _, written, err = n.apply(ctx, files, nil, false); err == nil {
			err = n.stillHeld(ctx, change)
		}
		files = nil
	}
	if err == nil {
		var w int
		if after, w, err = n.apply(ctx, files, targets, true); files != nil {
			written = w
		}
	}
	if err == nil {
		err = n.proveAnswers(ctx, change.Proofs, targets, n.limit)
	}
	if err == nil {
		err = n.stillHeld(ctx, change)
	}
	if err != nil {
		return model.Switched{}, n.takeBack(ctx, change.Files[:written], before, err)
	}
	return n.switched(change, before, after, began), nil
}

// stillHeld wants the files as the change leaves them: as nginx sees them, and where its next start would read them. It is
// asked after the proof: what someone wrote just before the signal is what nginx has loaded.
func (n *observed) stillHeld(ctx context.Context, change model.Change) error {
	in := n.found.Files(ctx)
	for _, f := range change.Files {
		now, _, err := fsys.StateOf(in, f)
		if err == nil && now == fsys.HasNew {
			now, err = n.found.AtStart(ctx, f)
		}
		if err != nil {
			return err
		}
		if now != fsys.HasNew {
			return n.notHeld(f)
		}
	}
	return nil
}

func (n *observed) notHeld(f model.FileChange) error {
	return model.Refuse(model.NginxNotSwitched, "%s of %s does not hold what was written to it: it was changed, or replaced on the host, at the same moment", f.Path, n.found)
}

func (n *observed) switched(change model.Change, before, after agent.Snapshot, began time.Time) model.Switched {
	s := model.Switched{
		Nginx: n.found.String(), At: time.Now(), Points: change.Points, Files: []string{},
		OldWorkers: len(before.Workers), NewWorkers: len(after.Workers), ProofMS: time.Since(began).Milliseconds(),
		Proof: []string{
			fmt.Sprintf("every address accepted a connection from the network namespace of %s, and each name leads to the release's containers only, before the reload and after it", n.found),
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
func mayUndo(ctx context.Context, written []model.FileChange, cause error) error {
	if len(written) > 0 && (errors.Is(context.Cause(ctx), model.ErrLeaseLost) || errors.Is(cause, model.ErrLeaseLost)) {
		return model.ErrLeaseLost
	}
	return nil
}

// takeBack undoes a switch that was not proven, on a context of its own, and says what users may have met.
func (n *observed) takeBack(ctx context.Context, written []model.FileChange, before agent.Snapshot, cause error) error {
	failed := &model.NotSwitchedError{Err: cause, Reason: model.Reason{Code: model.NginxNotSwitched, Message: fmt.Sprintf("%s was not switched: %v", n.found, cause)}}
	if err := mayUndo(ctx, written, cause); err != nil {
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
	failed.Applied, failed.Restored = n.restore(ctx, written, before, errors.As(cause, &pending))
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
func (n *observed) restore(ctx context.Context, written []model.FileChange, before agent.Snapshot, pending bool) (applied bool, err error) {
	_, err = n.write(ctx, written, true)
	if err != nil && !errors.Is(err, instance.ErrForeign) && n.found.IsRunning() && n.comesBack(ctx, written) == nil { // nginx was just being restarted
		_, err = n.write(ctx, written, true)
	}
	if err != nil {
		return true, n.byHand(written, err)
	}
	if now, err := n.found.Processes(ctx); pending && (err != nil || !now.Master.Waiting) {
		patient := *n
		patient.limit = pendingLimit
		return true, n.byHand(nil, patient.load(ctx))
	}
	for until := time.Now().Add(settling); ; {
		now, err := n.found.Processes(ctx)
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
	return true, n.byHand(nil, n.load(ctx))
}
