// Package engine is the connection to a Docker engine, and what the adapters to Compose and to nginx both need of it:
// deadlines, repeated questions, errors that say what to do, helper containers, labels.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker/client"

	"bluegate/deploy/model"
)

// Engine is one Docker engine, with what is known of it.
type Engine struct {
	*client.Client
	Endpoint string
	// Skew is what has to be added to the engine's times to get ours.
	Skew time.Duration
	// Waiter returns a static executable for an architecture, and the arguments with which it waits for a signal. Where it
	// is nil, lock and journal are containers that never run, which a prune removes.
	Waiter func(architecture string) (executable []byte, args []string, err error)
}

// Local says whether the engine runs on the machine that this process sees: from within a container, its socket leads
// to another one's files, processes and addresses.
func (e *Engine) Local() bool {
	socket, ok := strings.CutPrefix(e.Endpoint, "unix://")
	return ok && isLocal(socket)
}

// askLimit bounds one question: a stopped daemon would hold the asker for ever (it accepts the connection and is
// silent). The first question to an engine that is not on this machine also sets up the way there: ssh connects and
// authenticates, on a slow line too.
const (
	AskLimit   = 15 * time.Second
	reachLimit = 45 * time.Second
)

func Asking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, AskLimit)
}

// SetSkew asks the engine for its time. Its clock matters: healthcheck results carry it, and the engine may be remote.
// Whatever goes wrong here, the engine could not be asked.
func (e *Engine) SetSkew(ctx context.Context) error {
	limit := AskLimit
	if !strings.HasPrefix(e.Endpoint, "unix://") {
		limit = reachLimit
	}
	ask, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	before := time.Now()
	info, err := e.Info(ask)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil:
	case notAnswering(err):
		return e.Unreachable(err)
	default:
		return &model.UnreachableError{What: "the engine at " + e.Endpoint, Err: err}
	}
	if there, err := time.Parse(time.RFC3339Nano, info.SystemTime); err == nil {
		middle := before.Add(time.Since(before) / 2)
		e.Skew = middle.Sub(there)
	}
	return nil
}

// Unreachable explains an engine that does not answer; other errors pass unchanged.
func (e *Engine) Unreachable(err error) error {
	if err == nil || !notAnswering(err) {
		return err
	}
	return &model.UnreachableError{What: "the engine at " + e.Endpoint, Err: fmt.Errorf("%w %s", err, e.remedy(err))}
}

func (e *Engine) remedy(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "permission denied"):
		return fmt.Sprintf("(add this user (uid %d) to the socket's group, or run as one who may use it)", os.Getuid())
	case errors.Is(err, context.DeadlineExceeded):
		return "(it accepts connections but does not answer; look at the daemon)"
	}
	return "(start it, or name another with --host, --context or DOCKER_HOST)"
}

func notAnswering(err error) bool {
	return client.IsErrConnectionFailed(err) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
