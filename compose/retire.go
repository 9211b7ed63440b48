package compose

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
	"golang.org/x/sync/errgroup"

	"bluegate/deploy"
)

// Retire implements deploy.Stack. Without its restart policy a stopped container stays stopped when the engine starts
// again.
func (s *Stack) Retire(ctx context.Context, containers []deploy.Container) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range containers {
		group.Go(func() error { return s.retire(ctx, c) })
	}
	return s.engine.unreachable(group.Wait())
}

func (s *Stack) retire(ctx context.Context, c deploy.Container) error {
	if c.RestartPol != "" && c.RestartPol != string(container.RestartPolicyDisabled) {
		ask, cancel := asking(ctx)
		defer cancel()
		_, err := s.engine.ContainerUpdate(ask, c.ID, container.UpdateConfig{RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled}})
		if err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("take the restart policy from %s: %w", c.Name, err)
		}
	}
	// No timeout of ours: the container's own stop_grace_period counts, and the engine kills after it.
	if err := s.engine.ContainerStop(ctx, c.ID, container.StopOptions{}); err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("stop %s: %w", c.Name, err)
	}
	return nil
}

// Remove implements deploy.Stack.
func (s *Stack) Remove(ctx context.Context, containers []deploy.Container) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range containers {
		group.Go(func() error {
			if err := removeContainer(ctx, s.engine, c.ID); err != nil {
				return fmt.Errorf("remove %s: %w", c.Name, err)
			}
			return nil
		})
	}
	return s.engine.unreachable(group.Wait())
}

// removeContainer removes with anonymous volumes. A removal under way elsewhere is waited for.
func removeContainer(ctx context.Context, e *Engine, id string) error {
	for {
		err := e.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
		switch {
		case err == nil, errdefs.IsNotFound(err):
			return nil
		case !errdefs.IsConflict(err) || !strings.Contains(err.Error(), "already in progress"):
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// LogTail implements deploy.Stack.
func (s *Stack) LogTail(ctx context.Context, id string, lines int) ([]string, error) {
	ctx, cancel := asking(ctx)
	defer cancel()
	stream, err := s.engine.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(lines)})
	if err != nil {
		return nil, s.engine.unreachable(fmt.Errorf("read the log of container %.12s: %w", id, err))
	}
	defer stream.Close()
	var text bytes.Buffer
	limited := &limitedWriter{to: &text, left: 64 << 10}
	if _, err := stdcopy.StdCopy(limited, limited, stream); err != nil && text.Len() == 0 {
		return nil, fmt.Errorf("read the log of container %.12s: %w", id, err)
	}
	var out []string
	for line := range strings.Lines(text.String()) {
		if line = deploy.Plain(strings.TrimSpace(line)); line != "" {
			out = append(out, line)
		}
	}
	return out, nil
}

// limitedWriter keeps the first bytes and swallows the rest: one log line may be of any length.
type limitedWriter struct {
	to   *bytes.Buffer
	left int
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.to.Write(p[:n])
	w.left -= n
	return len(p), nil
}
