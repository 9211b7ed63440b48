package compose

import (
	"context"
	"fmt"
	"io"
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
	grace, err := s.disarm(ctx, c)
	if err == nil {
		// No timeout of ours: the container's own stop_grace_period counts, and the engine kills after it. The limit is
		// for an engine that does neither.
		stopping, cancel := context.WithTimeout(ctx, grace+killLimit)
		defer cancel()
		err = s.engine.ContainerStop(stopping, c.ID, container.StopOptions{})
	}
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("stop %s: %w", c.Name, err)
	}
	return nil
}

// killLimit is how long the engine may take to kill or to remove a container.
const killLimit = time.Minute

// disarm takes a container's restart policy away, and says how long it may take to stop.
func (s *Stack) disarm(ctx context.Context, c deploy.Container) (grace time.Duration, err error) {
	ctx, cancel := asking(ctx)
	defer cancel()
	info, err := s.engine.ContainerInspect(ctx, c.ID)
	if err != nil {
		return 0, err
	}
	grace = 10 * time.Second // the engine's own default
	if info.Config.StopTimeout != nil {
		grace = time.Duration(*info.Config.StopTimeout) * time.Second
	}
	if c.RestartPol == "" || c.RestartPol == string(container.RestartPolicyDisabled) {
		return grace, nil
	}
	_, err = s.engine.ContainerUpdate(ctx, c.ID, container.UpdateConfig{RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled}})
	if err != nil {
		err = fmt.Errorf("take its restart policy away: %w", err)
	}
	return grace, err
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
	ctx, cancel := context.WithTimeout(ctx, killLimit)
	defer cancel()
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
	text, err := s.logTail(ctx, id, lines)
	if err != nil {
		return nil, s.engine.unreachable(fmt.Errorf("read the log of container %.12s: %w", id, err))
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if line = deploy.Plain(strings.TrimSpace(line)); line != "" {
			out = append(out, line)
		}
	}
	return out, nil
}

func (s *Stack) logTail(ctx context.Context, id string, lines int) ([]byte, error) {
	info, err := s.engine.ContainerInspect(ctx, id)
	if err != nil {
		return nil, err
	}
	stream, err := s.engine.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(lines)})
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	tail := &lastBytes{most: 64 << 10}
	if info.Config.Tty { // a terminal's log is one stream without headers
		_, err = io.Copy(tail, stream)
	} else {
		_, err = stdcopy.StdCopy(tail, tail, stream)
	}
	if len(tail.text) > 0 {
		return tail.text, nil
	}
	return nil, err
}

// lastBytes keeps the end of what is written: one log line may be of any length, and the last ones say why.
type lastBytes struct {
	text []byte
	most int
}

func (w *lastBytes) Write(p []byte) (int, error) {
	w.text = append(w.text, p...)
	if over := len(w.text) - w.most; over > 0 {
		w.text = append(w.text[:0], w.text[over:]...)
	}
	return len(p), nil
}
