package nginx

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bluegate/deploy/model"
)

// pollProof is the pause between two looks at the workers, each of which takes the engine longer than that.
const pollProof = 5 * time.Millisecond

// errNotLoaded says that no new worker took the configuration.
var errNotLoaded = errors.New("nginx did not load it")

// pendingError says that a signal was sent of which nothing came in time: the master may be held up, by a slow resolver
// for instance, and act on it later.
type pendingError struct{ error }

func (e *pendingError) Unwrap() error { return e.error }

func (n *observed) whyNot(ctx context.Context, last string, signalled time.Time) error {
	reason := fmt.Sprintf("its workers did not change within %s", n.limit)
	if line := n.found.LastError(ctx, signalled); line != "" {
		reason = line
	} else if words := n.complains(ctx); words != "" {
		reason = words
	} else if last != "" {
		reason = last
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
