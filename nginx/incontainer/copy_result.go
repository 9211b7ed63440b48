package incontainer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"bluegate/compose/engine"
	"bluegate/deploy/redact"
)

// await waits until nginx runs in the copy, or the copy has ended, and then a moment more.
func (t *Copy) await(ctx context.Context, began time.Time) error {
	limit, cancel := context.WithTimeout(ctx, restartLimit)
	defer cancel()
	for {
		ask, stop := engine.Asking(ctx)
		info, err := t.Engine.ContainerInspect(ask, t.ID())
		stop()
		if err != nil {
			return fmt.Errorf("inspect a copy of %s: %w", t.of, err)
		}
		t.Info, t.Running = info, runsIn(info)
		if !info.State.Running {
			return nil
		}
		if s, err := t.Processes(ctx); err == nil && len(s.Workers) > 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.Done():
			return nil
		case <-time.After(100 * time.Millisecond):
		}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(restartRest):
		return nil
	}
}

// Up says whether nginx runs in the copy, and why not.
func (t *Copy) Up(ctx context.Context, began time.Time) (bool, string) {
	if t.Running {
		if s, err := t.Processes(ctx); err == nil && len(s.Workers) > 0 {
			return true, ""
		}
	}
	why := t.LastError(ctx, began)
	if why == "" {
		why = fmt.Sprintf("no worker appeared within %s", restartLimit)
		if !t.Running {
			why = fmt.Sprintf("its container ended with exit code %d", t.Info.State.ExitCode)
		}
	}
	return false, why
}

// Differs says how a file of the copy differs from what it is to be; empty where it does not.
func (t *Copy) Differs(ctx context.Context, file string, content []byte, link string) (string, error) {
	src := t.Files(ctx)
	now, err := src.LinkTarget(file)
	if err == nil && link != "" && now != link {
		return fmt.Sprintf("it is a link to %q and not to %q", now, link), nil
	}
	got, err := src.Read(file)
	switch {
	case errors.Is(err, os.ErrNotExist) && content == nil:
		return "", nil
	case errors.Is(err, os.ErrNotExist):
		return "it is not there", nil
	case err != nil:
		return "", err
	case content == nil:
		return "it is there", nil
	case !bytes.Equal(got, content):
		return firstDifference(content, got), nil
	}
	return "", nil
}

// firstDifference is the first line that two texts do not share.
func firstDifference(was, is []byte) string {
	old, now := strings.Split(string(was), "\n"), strings.Split(string(is), "\n")
	for i := range max(len(old), len(now)) {
		var a, b string
		if i < len(old) {
			a = old[i]
		}
		if i < len(now) {
			b = now[i]
		}
		if a != b {
			return fmt.Sprintf("line %d is %q and not %q", i+1, redact.Sanitize(strings.TrimSpace(b)), redact.Sanitize(strings.TrimSpace(a)))
		}
	}
	return "its bytes differ"
}
