package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/swarm"

	"bluegate/deploy/model"
)

// SwarmUnreachable is Unreachable for requests to the Swarm: a Swarm without a leader cannot be asked either. An engine
// that is not a manager is a *model.InvalidError.
func (e *Engine) SwarmUnreachable(err error) error {
	switch {
	case err == nil, model.Is[*model.UnreachableError](err), model.Is[*model.InvalidError](err):
		return err
	case strings.Contains(err.Error(), "not a swarm manager"):
		return model.Invalid("the engine at %s is not a manager of a Swarm: %w; connect to a manager with --host or --context, or run `docker swarm init` there", e.Endpoint, err)
	case errdefs.IsUnavailable(err), leaderless(err):
		return &model.UnreachableError{What: "the Swarm of the engine at " + e.Endpoint, Err: fmt.Errorf("%w (most of its managers have to run: see docker node ls)", err)}
	}
	return e.Unreachable(err)
}

// leaderless says that a manager could not ask the others. The engine reports it as an internal error.
func leaderless(err error) bool {
	text := err.Error()
	for _, sign := range []string{"does not have a leader", "code = Unavailable", "code = DeadlineExceeded", "code = Canceled", "raft: "} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// Manager returns what the engine says of its Swarm, or a *model.InvalidError if it is not a manager of one.
func (e *Engine) Manager(ctx context.Context) (swarm.Info, error) {
	ctx, cancel := Asking(ctx)
	defer cancel()
	info, err := e.Info(ctx)
	if err != nil {
		return swarm.Info{}, e.Unreachable(fmt.Errorf("ask the engine for its Swarm: %w", err))
	}
	if s := info.Swarm; s.LocalNodeState == swarm.LocalNodeStateActive && s.ControlAvailable {
		return s, nil
	}
	return info.Swarm, model.Invalid("engine: swarm, but the engine at %s is not a manager of a Swarm (its state is %q); connect to a manager with --host or --context, or run `docker swarm init` there", e.Endpoint, info.Swarm.LocalNodeState)
}

// longestObject is the longest name that a Swarm accepts for a config or a secret.
const longestObject = 64

var objectName = regexp.MustCompile(`^[a-zA-Z0-9]+([a-zA-Z0-9_.-]*[a-zA-Z0-9])?$`)

// ObjectName returns a name for a config or a secret: prefix, name and suffix. A name that is too long is replaced with
// its checksum.
func ObjectName(prefix, name, suffix string) string {
	if whole := prefix + name + suffix; len(whole) <= longestObject && objectName.MatchString(whole) {
		return whole
	}
	sum := sha256.Sum256([]byte(name))
	return prefix + hex.EncodeToString(sum[:12]) + suffix
}
