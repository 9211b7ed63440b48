package nginx

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/mode"
)

// flipTime bounds the proof of what nginx answers. There is nothing to wait for: whoever does not get the release now is a
// user who gets an error.
const flipTime = time.Second

// flip makes a change that nginx sees at its next request. Nothing is signalled; that no worker changed is a part of the
// proof.
func (n *observed) flip(ctx context.Context, change model.Change, targets []model.Target, before agent.Snapshot, began time.Time) (model.Switched, error) {
	undo := func(written int, cause error) error {
		err := mayUndo(ctx, change.Files[:written], cause)
		if err == nil {
			_, err = n.write(context.WithoutCancel(ctx), change.Files[:written], true)
		}
		return &model.NotSwitchedError{Err: cause, Applied: written > 0, Restored: err,
			Reason: model.Reason{Code: model.NginxNotSwitched, Message: fmt.Sprintf("%s was not switched: %v", n.found, cause)}}
	}
	if written, err := n.write(ctx, change.Files, false); err != nil {
		return model.Switched{}, undo(written, err)
	}
	var after agent.Snapshot
	group, all := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		after, err = n.found.Processes(all)
		return unreachable(err)
	})
	group.Go(func() error { return n.seesFlag(all, change) })
	group.Go(func() error { return n.proveAnswers(all, change.Proofs, targets, min(flipTime, n.limit)) })
	group.Go(func() error { return n.proveRoutes(all, targets) })
	if err := group.Wait(); err != nil {
		return model.Switched{}, undo(len(change.Files), err)
	}
	_, fresh := after.Diff(before)
	s := n.switched(change, before, after, began)
	s.NewWorkers = fresh
	s.Proof = []string{
		fmt.Sprintf("every address accepted a connection from the network namespace of %s, and each name leads to the release's containers only", n.found),
		"the file that nginx looks for at each request is as it was to be, where nginx looks",
		fmt.Sprintf("nothing was reloaded: of %d workers %d are new", len(after.Workers), fresh),
	}
	s.Proof = append(s.Proof, proofWords(change.Proofs)...)
	return s, nil
}

// forget waits until nginx's resolver can no longer hold an address from before the release's containers were started. The
// gate has seen to that already where it watched them.
func forget(ctx context.Context, memory time.Duration, targets []model.Target) error {
	if memory == 0 {
		return nil
	}
	youngest := time.Time{}
	for _, t := range targets {
		for _, c := range t.Containers {
			if c.Sample.StartedAt.After(youngest) {
				youngest = c.Sample.StartedAt
			}
		}
	}
	if youngest.IsZero() || youngest.After(time.Now()) {
		youngest = time.Now()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(youngest.Add(memory))):
		return nil
	}
}

// seesFlag looks at the files with nginx's eyes.
func (n *observed) seesFlag(ctx context.Context, change model.Change) error {
	fate, err := n.compare(ctx, change)
	if err == nil && fate != model.ChangeLoaded && !change.Empty() {
		err = fmt.Errorf("%s does not see what was written (%s)", n.found, fate)
	}
	return err
}

// quiet waits until no connection has led to the old containers for a while. Workers say nothing here: they stay.
func (n *observed) quiet(ctx context.Context, old []model.Container, left func(model.DrainStatus)) error {
	if err := n.found.Prepare(ctx, nil); err != nil {
		return unreachable(err)
	}
	open := n.census(old)
	var since time.Time
	for {
		resp, err := n.found.Ask(ctx, agent.Request{Connections: connectionsTo(old)})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && resp.Error != "":
			err = fmt.Errorf("count the connections from %s to the old colour: %s", n.found, resp.Error)
		}
		if err != nil {
			return unreachable(err)
		}
		if n.anyLeads(resp.Open, old) {
			since = time.Time{}
			left(model.DrainStatus{Open: open.count(ctx)})
		} else if since.IsZero() {
			since = time.Now()
		} else if time.Since(since) >= mode.IdleQuiet {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(4 * pollDrain):
		}
	}
}

// anyLeads says whether a connection leads to any of the containers.
func (n *observed) anyLeads(open []agent.Socket, old []model.Container) bool {
	return slices.ContainsFunc(open, func(s agent.Socket) bool {
		return slices.ContainsFunc(old, func(c model.Container) bool { return leadsTo(s, c, n.found.IsDockerHost) })
	})
}
