package nginx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegate/deploy/model"
)

// Rehearse implements model.Nginx. The coming configuration is tested next to the live one, where its names resolve:
// never in the live file. An nginx that someone restarts at this moment is waited for.
func (n *observed) Rehearse(ctx context.Context, change model.Change, started <-chan struct{}) ([]model.Finding, error) {
	if err := n.there(); err != nil {
		return nil, err
	}
	ran := n.found.IsRunning()
	for try := 1; ; try++ {
		findings, err := n.rehearse(ctx, change, started)
		var refused *model.RefusedError
		if err == nil || !ran || try == rehearsals || ctx.Err() != nil || errors.As(err, &refused) {
			return findings, unreachable(err)
		}
		if n.comesBack(ctx, change.Files) != nil {
			return findings, unreachable(err)
		}
	}
}

// rehearsals bounds how often it is tried; returnLimit is how long an nginx that is being restarted may be away.
const (
	rehearsals  = 3
	returnLimit = 30 * time.Second
)

// comesBack waits until an nginx that ran runs, and goes with it where it was restarted.
func (n *observed) comesBack(ctx context.Context, files []model.FileChange) error {
	for began := time.Now(); ; {
		err := n.found.Follow(ctx, files)
		if err == nil || time.Since(began) > returnLimit {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// rehearse begins when the release's containers run: users wait for these, and what it starts itself would slow them down.
func (n *observed) rehearse(ctx context.Context, change model.Change, started <-chan struct{}) (findings []model.Finding, err error) {
	select {
	case <-started:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := n.found.Prepare(both, change.Files); err != nil {
			return err
		}
		return n.movedThere(both, change)
	})
	if !change.Unloaded { // else the configuration stays as it is
		group.Go(func() (err error) {
			if findings, err = n.configTest(both, change); err == nil && len(change.Steps) > 0 { // the others differ in a number
				_, err = n.configTest(both, change.Steps[0].Change)
			}
			return err
		})
	}
	err = group.Wait()
	return findings, err
}

// movedThere refuses a file that someone put in its place since it was read, and that nginx has not loaded. What nginx does
// not load may be as new as it likes.
func (n *observed) movedThere(ctx context.Context, change model.Change) error {
	if change.Unloaded || !n.found.IsRunning() {
		return nil
	}
	now, err := n.found.Processes(ctx)
	if err != nil {
		return err
	}
	asked := time.Now()
	in := n.found.Files(ctx)
	for _, f := range change.Files {
		at, err := in.ContentChangedAt(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if now.OlderThan(at.Add(n.opts.Skew), asked) {
			return n.notLoaded(f.Path)
		}
	}
	return nil
}

// registration is how long a container's name may take to appear in the engine's DNS.
const registration = 5 * time.Second

// configTest has nginx test the coming configuration. Where a copy of the present one, with which nginx runs, fails in
// the same way, it is the copy that is wrong, and the coming one counts as not tested.
func (n *observed) configTest(ctx context.Context, change model.Change) ([]model.Finding, error) {
	said, err := n.tested(ctx, change)
	if err != nil || said == "" {
		return nil, err
	}
	if _, name := unresolved(said); !name && n.found.IsRunning() {
		present := change
		present.Files = nil
		for _, f := range change.Files {
			present.Files = append(present.Files, model.FileChange{Path: f.Path, Old: f.Old, New: f.Old, Link: f.OldLink, OldLink: f.OldLink})
		}
		now, err := n.tested(ctx, present)
		if err != nil {
			return nil, err
		}
		if _, name := unresolved(now); now != "" && !name {
			return []model.Finding{{Code: "config-not-tested", Place: change.Files[0].Path,
				Message: fmt.Sprintf("the coming configuration of %s was not tested before the switch: a copy of the present one fails too, though nginx runs with it: %s", n.found, complaint(now)),
				Cost:    "what is wrong with it is found by the reload, which is then taken back"}}, nil
		}
	}
	return nil, model.Refuse(model.NginxTestFailed, "%s would not load the coming configuration: %s", n.found, complaint(said))
}

// tested is what nginx says of a configuration that it would not load; empty: it would. A name that does not resolve yet
// is asked for again.
func (n *observed) tested(ctx context.Context, change model.Change) (said string, err error) {
	t, err := n.found.ConfigTest(ctx, change)
	if err != nil {
		return "", err
	}
	defer func() { _ = t.End(context.WithoutCancel(ctx)) }()
	for began := time.Now(); ; {
		code, said, err := t.Run(ctx)
		if err != nil {
			return "", fmt.Errorf("test the coming configuration of %s: %w", n.found, err)
		}
		if code == 0 {
			return "", nil
		}
		if _, name := unresolved(said); !name || time.Since(began) > registration {
			return cmp.Or(said, fmt.Sprintf("nginx -t ended with exit code %d", code)), nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
