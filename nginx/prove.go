package nginx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
)

// pollProof is the pause between two looks at the workers, each of which takes the engine longer than that.
const pollProof = 5 * time.Millisecond

// oldStay is how long a master lets its new workers start before it tells the old ones to end (os/unix/ngx_process_cycle.c
// of nginx, "allow new processes to start"). To look meanwhile would only take processor time from them.
const oldStay = 100 * time.Millisecond

// silentLooks is how often a log may be silent: what nginx has written, the engine passes on a moment later.
const silentLooks = 4

// errNotLoaded says that no new worker took the configuration.
var errNotLoaded = errors.New("nginx did not load it")

// pendingError says that a signal was sent of which nothing came in time: the master may be held up, by a slow resolver
// for instance, and act on it later.
type pendingError struct{ error }

func (e *pendingError) Unwrap() error { return e.error }

// proveReload waits until every worker that accepted before the signal is gone or shutting down and a new one runs.
// Exit codes prove nothing: a reload that fails to bind a port returns 0. Whether the targets' names lead to the release
// is asked as soon as there is a new worker: nginx has resolved them by then, and takes a while to end the old ones.
func (n *observed) proveReload(ctx context.Context, before agent.Snapshot, signalled time.Time, targets []model.Target) (agent.Snapshot, error) {
	asking := ctx
	ctx, cancel := context.WithTimeout(ctx, n.limit)
	defer cancel()
	var routes chan error
	nextLog := time.Now().Add(300 * time.Millisecond)
	var last error
	silent := 0             // looks at a master that has done with the signal, and at a log that does not say why
	withoutNew := signalled // no worker is known to be older
	for {
		looked, pause := time.Now(), pollProof
		now, err := n.found.Processes(ctx)
		if err == nil {
			old, fresh := now.Diff(before)
			if fresh > 0 && routes == nil {
				routes = make(chan error, 1)
				go func() { routes <- n.proveRoutes(asking, targets) }()
			}
			switch {
			case fresh == 0:
				withoutNew = looked
			case old == 0:
				return now, <-routes
			default:
				pause = max(time.Until(withoutNew.Add(oldStay)), pollProof)
			}
		}
		if ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) { // a question that the end of the time cuts off explains nothing
			last = err
		}
		if time.Now().After(nextLog) {
			nextLog = time.Now().Add(300 * time.Millisecond)
			line, unmoved := n.found.LastError(ctx, signalled), err == nil && now.Unchanged(before)
			if final(line) || unmoved && line != "" {
				return now, fmt.Errorf("%w: %s", errNotLoaded, line)
			}
			if silent++; !unmoved {
				silent = 0
			} else if silent == silentLooks {
				return now, fmt.Errorf("%w: %s", errNotLoaded, cmp.Or(n.complains(ctx), "its master waits for the next signal, and has made no new worker; its error log may say why"))
			}
		}
		select {
		case <-ctx.Done():
			return now, &pendingError{n.whyNot(context.WithoutCancel(ctx), last, signalled)}
		case <-time.After(pause):
		}
	}
}

func (n *observed) whyNot(ctx context.Context, last error, signalled time.Time) error {
	reason := fmt.Sprintf("its workers did not change within %s", n.limit)
	if line := n.found.LastError(ctx, signalled); line != "" {
		reason = line
	} else if words := n.complains(ctx); words != "" {
		reason = words
	} else if last != nil {
		reason = last.Error()
	}
	return fmt.Errorf("%w: %s", errNotLoaded, reason)
}

// complains is what nginx says of its files when it is asked, where its log does not reach the engine. Empty: nothing.
func (n *observed) complains(ctx context.Context) string {
	told, err := n.found.Dump(ctx)
	if err != nil || told.Code == 0 {
		return ""
	}
	return complaint(told.Stderr)
}

// final tells the words with which nginx gives a reload up.
func final(line string) bool {
	return strings.Contains(line, "still could not bind()") || strings.Contains(line, "host not found in") || strings.Contains(line, "unknown directive")
}

// proveRoutes asks again, now that nginx has resolved its names, whether they lead to the release.
func (n *observed) proveRoutes(ctx context.Context, targets []model.Target) error {
	if len(targets) == 0 {
		return nil
	}
	return n.reachable(ctx, targets)
}
