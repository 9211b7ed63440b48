// Package engine is the connection to a Docker engine, with what the adapters to Compose and to nginx both need:
// deadlines, retries of read requests, errors that say what to do, helper containers, labels.
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

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/client"

	"bluegate/deploy/model"
)

// Engine is a connection to one Docker engine.
type Engine struct {
	*client.Client
	Endpoint string
	// Skew is the difference between the local clock and the engine's: local time minus engine time.
	Skew time.Duration
	// About is what the engine said of itself when it was connected to; the zero value: it was not asked.
	About types.Version
	// Leases are the locks that are held.
	Leases *Leases
	// Looks says that the command holds no lock, and only looks.
	Looks bool
	// Waiter returns a static executable for an architecture, and the arguments with which it waits for a signal. If it is
	// nil, lock and journal are containers that never run, which a prune removes.
	Waiter func(architecture string) (executable []byte, args []string, err error)

	machine machine // that it runs on
}

// Local says whether the engine runs on the machine that this process sees. If this process runs in a container, the
// socket may lead to an engine with other files, processes and addresses. It may also be one that another process listens
// on and forwards, as ssh -L, socat and Docker Desktop do: so the machine has to be the one that the engine tells of.
func (e *Engine) Local() bool {
	socket, ok := strings.CutPrefix(e.Endpoint, "unix://")
	return ok && e.machine == thisMachine() && isLocal(socket)
}

// machine tells two machines apart: an engine says these of the one that it runs on.
type machine struct {
	name   string
	memory int64 // in bytes
}

// askLimit limits one request: a stopped daemon accepts the connection and never answers. The first request to a remote
// engine also sets up the connection: ssh connects and authenticates, even on a slow line.
const (
	AskLimit   = 15 * time.Second
	reachLimit = 45 * time.Second
)

// Asking is a context for one request to the engine, which ends after AskLimit. Whatever is longer by nature, such as a pull or
// stopping a container, has a limit of its own.
func Asking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, AskLimit)
}

// SetSkew determines the difference between the engine's clock and the local one: the times of healthcheck results are
// the engine's, and the engine may be remote. Every error means that the engine could not be reached.
func (e *Engine) SetSkew(ctx context.Context) error {
	limit := AskLimit
	if !strings.HasPrefix(e.Endpoint, "unix://") {
		limit = reachLimit
	}
	ask, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// The connection is there, and the version agreed on, before the clock is asked: ssh may take seconds for both.
	ping, err := e.Ping(ask)
	var before time.Time
	var info system.Info
	if err == nil {
		e.NegotiateAPIVersionPing(ping)
		before = time.Now()
		info, err = e.Info(ask)
	}
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
	e.machine = machine{info.Name, info.MemTotal}
	return nil
}

// Unreachable returns a *model.UnreachableError with a remedy if err means that the engine does not answer, otherwise
// err.
func (e *Engine) Unreachable(err error) error {
	if err == nil || !notAnswering(err) {
		return err
	}
	return &model.UnreachableError{What: "the engine at " + e.Endpoint, Err: fmt.Errorf("%w %s", err, e.remedy(err))}
}

func (e *Engine) remedy(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "permission denied"):
		return fmt.Sprintf("(add this user (uid %d) to the socket's group, or run as a user who may use it)", os.Getuid())
	case errors.Is(err, context.DeadlineExceeded):
		return "(it accepts connections but does not answer; check the daemon)"
	}
	return "(start it, or choose another one with --host, --context or DOCKER_HOST)"
}

func notAnswering(err error) bool {
	return client.IsErrConnectionFailed(err) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
