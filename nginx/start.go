package nginx

import (
	"context"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"

	"bluegate/deploy"
)

// startContainer starts an nginx that had stopped, or was in a restart loop, and proves that its workers accept. The
// helper moves into the namespace that nginx has from now on.
func (r *Router) startContainer(ctx context.Context, files []deploy.FileChange, targets []deploy.Target) (snapshot, error) {
	id := r.found.id()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	var err error
	if r.found.info.State.Restarting {
		err = r.engine.ContainerRestart(ctx, id, container.StopOptions{})
	} else {
		err = r.engine.ContainerStart(ctx, id, container.StartOptions{})
	}
	if err != nil {
		return snapshot{}, err
	}
	s, err := r.awaitWorkers(ctx, began)
	if err != nil {
		return s, err
	}
	again, err := r.open(ctx, id)
	if err != nil {
		return s, err
	}
	r.found = again
	if err := r.help.close(ctx); err != nil {
		return s, err
	}
	if r.help, err = r.accompany(ctx, files); err != nil {
		return s, err
	}
	return s, r.proveRoutes(ctx, targets)
}

// follow looks whether nginx was restarted since the rehearsal. It has another network namespace then, and the helper
// stands in the dead one.
func (r *Router) follow(ctx context.Context, files []deploy.FileChange) error {
	now, err := r.open(ctx, r.found.id())
	if err != nil || now.info.State.StartedAt == r.found.info.State.StartedAt {
		return err
	}
	r.found = now
	if err := r.help.close(ctx); err != nil {
		return err
	}
	r.help, err = r.accompany(ctx, files)
	return err
}

func (r *Router) awaitWorkers(ctx context.Context, began time.Time) (snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, r.opts.ProofTimeout)
	defer cancel()
	for {
		s, err := r.processes(ctx, r.found.id())
		if err == nil && len(s.workers) > 0 {
			return s, nil
		}
		select {
		case <-ctx.Done():
			why := "no worker appeared"
			if line := r.emergency(context.WithoutCancel(ctx), began); line != "" {
				why = line
			}
			return s, fmt.Errorf("it did not come up within %s: %s", r.opts.ProofTimeout, why)
		case <-time.After(5 * pollProof):
		}
	}
}
