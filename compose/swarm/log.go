package swarm

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/compose/engine"
	"bluegate/deploy/redact"
)

// logSize is how much of a log is kept: a line can have any length, and the last lines say why.
const logSize = 64 << 10

// LogTail implements model.Stack. The manager fetches the log from the node of the task.
func (s *Stack) LogTail(ctx context.Context, id string, lines int) (out []string, err error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	tty, err := s.hasTerminal(ctx, id)
	if err != nil {
		return nil, s.engine.SwarmUnreachable(fmt.Errorf("inspect task %s: %w", id, err))
	}
	stream, err := s.engine.TaskLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(lines)})
	if err != nil {
		return nil, s.engine.SwarmUnreachable(fmt.Errorf("read the log of task %s: %w", id, err))
	}
	defer stream.Close()
	tail := &redact.Tail{Size: logSize}
	if tty { // the log of a TTY is one stream without headers
		_, err = io.Copy(tail, stream)
	} else {
		_, err = stdcopy.StdCopy(tail, tail, stream)
	}
	for line := range strings.Lines(string(tail.Bytes())) {
		if line = redact.Sanitize(strings.TrimSpace(line)); line != "" {
			out = append(out, line)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	return nil, s.engine.SwarmUnreachable(err)
}

// hasTerminal says whether the containers of a task have a TTY. A task that is gone has no log either.
func (s *Stack) hasTerminal(ctx context.Context, id string) (bool, error) {
	t, _, err := s.engine.TaskInspectWithRaw(ctx, id)
	if errdefs.IsNotFound(err) {
		return false, err
	}
	return err == nil && t.Spec.ContainerSpec != nil && t.Spec.ContainerSpec.TTY, err
}
