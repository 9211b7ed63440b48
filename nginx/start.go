package nginx

import (
	"context"
	"fmt"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
)

// start writes the change and starts an nginx that does not run. One that someone started before the write has loaded the
// old files: they are put back, and the switch is to be planned for an nginx that runs.
func (n *observed) start(ctx context.Context, change model.Change, targets []model.Target, began time.Time) (model.Switched, error) {
	if written, err := n.write(ctx, change.Files, false); err != nil {
		return model.Switched{}, n.notStarted(ctx, change.Files[:written], agent.Snapshot{}, err)
	}
	if n.wasStarted(ctx) {
		if _, err := n.write(ctx, change.Files, true); err != nil {
			return model.Switched{}, n.notStarted(ctx, change.Files, agent.Snapshot{}, err)
		}
		return model.Switched{}, model.ErrChanged
	}
	after, err := n.startNginx(ctx, change.Files, targets)
	if err == nil {
		err = n.proveAnswers(ctx, change.Proofs, targets, n.limit)
	}
	if err != nil {
		return model.Switched{}, n.notStarted(ctx, change.Files, after, err)
	}
	return n.switched(change, agent.Snapshot{}, after, began), nil
}

// wasStarted says whether workers run of an nginx that did not run when it was observed.
func (n *observed) wasStarted(ctx context.Context) bool {
	s, err := n.found.Processes(ctx)
	return err == nil && len(s.Workers) > 0
}

// notStarted leaves nginx as it was found: it does not run, and its files are the old ones. It is stopped first: a
// proof that failed may be one that it serves someone else.
func (n *observed) notStarted(ctx context.Context, written []model.FileChange, after agent.Snapshot, cause error) error {
	undo := mayUndo(ctx, written, cause)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if undo == nil {
		undo = n.found.Stop(ctx)
	}
	if undo == nil {
		_, undo = n.write(ctx, written, true)
	}
	return &model.NotSwitchedError{Err: cause, Restored: undo, Applied: len(after.Workers) > 0,
		Reason: model.Reason{Code: model.NginxNotSwitched, Message: fmt.Sprintf("%s was not started: %v", n.found, cause)}}
}

// startNginx starts an nginx that had stopped, or was in a restart loop, and proves that its workers accept.
func (n *observed) startNginx(ctx context.Context, files []model.FileChange, targets []model.Target) (agent.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	if err := n.found.Start(ctx); err != nil {
		return agent.Snapshot{}, err
	}
	s, err := n.awaitWorkers(ctx, began)
	if err != nil {
		return s, err
	}
	if err := n.found.Follow(ctx, files); err != nil {
		return s, err
	}
	return s, n.proveRoutes(ctx, targets)
}

func (n *observed) awaitWorkers(ctx context.Context, began time.Time) (agent.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, n.limit)
	defer cancel()
	for {
		s, err := n.found.Processes(ctx)
		if err == nil && len(s.Workers) > 0 {
			return s, nil
		}
		select {
		case <-ctx.Done():
			why := "no worker appeared"
			if line := n.found.LastError(context.WithoutCancel(ctx), began); line != "" {
				why = line
			}
			return s, fmt.Errorf("it did not come up within %s: %s", n.limit, why)
		case <-time.After(5 * pollProof):
		}
	}
}
