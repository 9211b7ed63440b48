package nginx

import (
	"context"
	"fmt"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
)

// Start implements model.Router.
func (r *Router) Start(ctx context.Context, change model.Change, targets []model.Target) (model.Switched, error) {
	if r.found.IsRunning() {
		return r.Switch(ctx, change, targets)
	}
	began := time.Now()
	if written, err := r.write(ctx, change.Files, false); err != nil {
		return model.Switched{}, r.notStarted(ctx, change.Files[:written], agent.Snapshot{}, err)
	}
	after, err := r.startNginx(ctx, change.Files, targets)
	if err == nil {
		err = r.proveAnswers(ctx, change.Proofs, targets, r.opts.ProofTimeout)
	}
	if err != nil {
		return model.Switched{}, r.notStarted(ctx, change.Files, after, err)
	}
	return r.switched(change, agent.Snapshot{}, after, began), nil
}

// notStarted leaves nginx as it was found: it does not run, and its files are the old ones. It is stopped first: a
// proof that failed may be one that it serves somebody else.
func (r *Router) notStarted(ctx context.Context, written []model.FileChange, after agent.Snapshot, cause error) error {
	undo := mayUndo(ctx, written)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if undo == nil {
		undo = r.found.Stop(ctx)
	}
	if undo == nil {
		_, undo = r.write(ctx, written, true)
	}
	return &model.NotSwitchedError{Err: cause, Restored: undo, Applied: len(after.Workers) > 0,
		Reason: model.Reason{Code: model.NginxNotSwitched, Message: fmt.Sprintf("%s was not started: %v", r.found, cause)}}
}

// startNginx starts an nginx that had stopped, or was in a restart loop, and proves that its workers accept.
func (r *Router) startNginx(ctx context.Context, files []model.FileChange, targets []model.Target) (agent.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	if err := r.found.Start(ctx); err != nil {
		return agent.Snapshot{}, err
	}
	s, err := r.awaitWorkers(ctx, began)
	if err != nil {
		return s, err
	}
	if err := r.found.Follow(ctx, files); err != nil {
		return s, err
	}
	return s, r.proveRoutes(ctx, targets)
}

func (r *Router) awaitWorkers(ctx context.Context, began time.Time) (agent.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, r.opts.ProofTimeout)
	defer cancel()
	for {
		s, err := r.found.Processes(ctx)
		if err == nil && len(s.Workers) > 0 {
			return s, nil
		}
		select {
		case <-ctx.Done():
			why := "no worker appeared"
			if line := r.found.LastError(context.WithoutCancel(ctx), began); line != "" {
				why = line
			}
			return s, fmt.Errorf("it did not come up within %s: %s", r.opts.ProofTimeout, why)
		case <-time.After(5 * pollProof):
		}
	}
}

// Follow implements model.Router.
func (r *Router) Follow(ctx context.Context, change model.Change) error {
	err := r.found.Follow(ctx, change.Files)
	if err == nil {
		_, err = r.found.Processes(ctx) // its container may go on without it
	}
	return unreachable(err)
}
