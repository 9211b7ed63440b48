package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegate/deploy/model"
)

// Rehearse implements model.Router. The coming configuration is tested beside the live one, where its names resolve:
// never in the live file. An nginx that somebody restarts at this moment is waited for.
func (r *Router) Rehearse(ctx context.Context, change model.Change, started <-chan struct{}) error {
	ran := r.found.runs()
	for try := 1; ; try++ {
		err := r.rehearse(ctx, change, started)
		var refused *model.RefusedError
		if err == nil || !ran || try == rehearsals || ctx.Err() != nil || errors.As(err, &refused) {
			return unreachable(err)
		}
		if r.comesBack(ctx, change.Files) != nil {
			return unreachable(err)
		}
	}
}

// rehearsals bounds how often it is tried; returnLimit is how long an nginx that is being restarted may be away.
const (
	rehearsals  = 3
	returnLimit = 30 * time.Second
)

// comesBack waits until an nginx that ran runs, and goes with it where it was restarted.
func (r *Router) comesBack(ctx context.Context, files []model.FileChange) error {
	for began := time.Now(); ; {
		err := r.found.follow(ctx, files)
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
func (r *Router) rehearse(ctx context.Context, change model.Change, started <-chan struct{}) error {
	select {
	case <-started:
	case <-ctx.Done():
		return ctx.Err()
	}
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := r.found.prepare(both, change.Files); err != nil {
			return err
		}
		return r.movedThere(both, change)
	})
	if !change.Unloaded { // else the configuration stays as it is
		group.Go(func() error { return r.try(both, change) })
	}
	return group.Wait()
}

// Moved implements model.Router.
func (r *Router) Moved(ctx context.Context, change model.Change) error {
	if !r.found.runs() {
		return nil
	}
	if err := r.found.prepare(ctx, change.Files); err != nil {
		return unreachable(err)
	}
	return unreachable(r.movedThere(ctx, change))
}

// movedThere refuses a file that somebody put in its place with its old time, and that nginx has not loaded. Where nginx
// is in a container only the helper sees that: what an archive call tells has no such time. What nginx does not load may
// be as new as it likes.
func (r *Router) movedThere(ctx context.Context, change model.Change) error {
	if change.Unloaded || !r.found.runs() {
		return nil
	}
	now, err := r.found.processes(ctx)
	if err != nil {
		return err
	}
	asked := time.Now()
	in := r.found.files(ctx)
	for _, f := range change.Files {
		at, err := in.ContentChangedAt(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if now.OlderThan(at.Add(r.opts.Skew), asked) {
			return r.notLoaded(f.Path)
		}
	}
	return nil
}

// registration is how long a container's name may take to appear in the engine's DNS.
const registration = 5 * time.Second

func (r *Router) try(ctx context.Context, change model.Change) error {
	t, err := r.found.trial(ctx, change)
	if err != nil {
		return err
	}
	defer func() { _ = t.end(context.WithoutCancel(ctx)) }()
	for began := time.Now(); ; {
		code, said, err := t.run(ctx)
		if err != nil {
			return fmt.Errorf("test the coming configuration of %s: %w", r.found, err)
		}
		if code == 0 {
			return nil
		}
		if _, name := unresolved(said); !name || time.Since(began) > registration {
			return model.Refuse(model.NginxTestFailed, "%s would not load the coming configuration: %s", r.found, complaint(said))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
