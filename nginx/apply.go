package nginx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/instance"
)

// logPause is the pause between two looks at nginx's log while it loads a configuration.
const logPause = 300 * time.Millisecond

// load has nginx load its files as they are, and proves that it has.
func (n *observed) load(ctx context.Context) error {
	_, _, err := n.apply(ctx, nil, nil, true)
	return err
}

// apply writes files and, with load, has nginx load them; then what runs is the first result, and the targets' names lead
// to them where nginx runs. written is how many of the files may hold the new content. An nginx that was restarted in the
// meantime is asked again: it has read what was written, or the old content, which is then written.
func (n *observed) apply(ctx context.Context, files []model.FileChange, targets []model.Target, load bool) (now agent.Snapshot, written int, err error) {
	how := agent.Apply{Load: load, Limit: n.limit}
	for _, t := range targets {
		how.Reach = append(how.Reach, reachOf(t))
	}
	for try := 0; ; try++ {
		if ctx.Err() != nil { // with the lock goes the right to write, and to signal
			return now, written, context.Cause(ctx)
		}
		began := time.Now()
		done, why, err := n.send(ctx, files, how)
		if restarted(err) && try < 2 && ctx.Err() == nil && n.comesBack(ctx, files) == nil {
			written = len(files)
			continue
		}
		switch {
		case errors.Is(err, agent.ErrLate), errors.Is(err, model.ErrLeaseLost):
			return now, written, model.ErrLeaseLost
		case err != nil:
			return now, len(files), err
		}
		if written = max(written, done.Written); done.Failed != "" {
			return done.Now, written, n.notApplied(ctx, files, done, why, began)
		}
		if err := n.reached(ctx, targets, done.Reached); err != nil {
			return done.Now, written, err
		}
		return done.Now, written, nil
	}
}

// restarted says whether an error tells that nginx ended, and the agent with it.
func restarted(err error) bool {
	return errors.Is(err, agent.ErrEnded) || errors.Is(err, agent.ErrNoMaster)
}

// send has the agent apply files. Meanwhile it reads nginx's log: what nginx gives up for is not waited for. why is that.
func (n *observed) send(ctx context.Context, files []model.FileChange, how agent.Apply) (done agent.Applied, why string, err error) {
	applying, giveUp := context.WithCancel(ctx)
	defer giveUp()
	said := make(chan string, 1)
	began := time.Now()
	go func() {
		defer close(said)
		for how.Load {
			select {
			case <-applying.Done():
				return
			case <-time.After(logPause):
			}
			if line := n.found.LastError(applying, began); final(line) && applying.Err() == nil {
				said <- line
				giveUp()
				return
			}
		}
	}()
	done, err = n.found.Apply(applying, files, how)
	giveUp()
	return done, <-said, err
}

// notApplied says why an Apply failed. That nothing came of a signal in time is a *pendingError: the master may act on it
// later.
func (n *observed) notApplied(ctx context.Context, files []model.FileChange, done agent.Applied, why string, began time.Time) error {
	asking := context.WithoutCancel(ctx)
	switch {
	case done.Late, errors.Is(context.Cause(ctx), model.ErrLeaseLost):
		return model.ErrLeaseLost
	case done.Failed == agent.StepWrite && done.Changed:
		return fmt.Errorf("write %s of %s: %w", files[done.File].Path, n.found, instance.ErrForeign)
	case done.Failed == agent.StepWrite:
		return fmt.Errorf("write %s of %s: %s", files[done.File].Path, n.found, done.Why)
	case done.Failed == agent.StepLook && done.Changed:
		return n.notHeld(files[done.File])
	case done.Failed == agent.StepLook:
		return errors.New(done.Why)
	case done.Failed == agent.StepRest:
		return &pendingError{errors.New(done.Why)}
	case why != "":
		return fmt.Errorf("%w: %s", errNotLoaded, why)
	case done.Unmoved:
		return fmt.Errorf("%w: %s", errNotLoaded, cmp.Or(n.found.LastError(asking, began), n.complains(asking), done.Why+"; its error log may say why"))
	}
	return &pendingError{n.whyNot(asking, done.Why, began)}
}

// reached judges what the agent reached while nginx's new workers started: nginx has resolved the names by then.
func (n *observed) reached(ctx context.Context, targets []model.Target, responses []agent.Response) error {
	var reasons []model.Reason
	for i, t := range targets {
		if i >= len(responses) {
			break
		}
		found, err := n.judgeReach(ctx, t, responses[i])
		if err != nil {
			return unreachable(err)
		}
		reasons = append(reasons, found...)
	}
	if len(reasons) > 0 {
		return &model.RefusedError{Reasons: reasons}
	}
	return nil
}
