package nginx

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
)

// Compare implements model.Nginx.
func (n *observed) Compare(ctx context.Context, change model.Change) (model.ChangeState, error) {
	if n.found == nil {
		return model.ChangeNginxGone, nil
	}
	if n.found.IsRunning() {
		if err := n.found.Follow(ctx, nil); err != nil {
			return "", unreachable(err)
		}
	}
	return n.compare(ctx, change)
}

// compare is Compare from where nginx was last seen.
func (n *observed) compare(ctx context.Context, change model.Change) (model.ChangeState, error) {
	src := n.found.Files(ctx)
	old, fresh := 0, 0
	var written time.Time
	for _, f := range change.Files {
		holds, at, err := fsys.StateOf(src, f)
		if err != nil {
			return "", unreachable(err)
		}
		switch holds {
		case fsys.HasOld:
			old++
		case fsys.HasNew:
			fresh++
			if at.After(written) {
				written = at
			}
		default:
			return model.ChangeConflict, nil
		}
	}
	switch {
	case fresh == 0:
		return model.ChangeNotApplied, nil
	case old > 0 || !n.found.IsRunning(): // killed between two files, or nginx would meet it at its next start
		return model.ChangeWritten, nil
	case change.Unloaded:
		return model.ChangeLoaded, nil
	}
	asked := time.Now()
	s, err := n.found.Processes(ctx)
	if err != nil {
		return "", unreachable(err)
	}
	if s.Loaded(change.Workers, written.Add(n.opts.Skew), asked) {
		return model.ChangeLoaded, nil
	}
	return model.ChangeWritten, nil
}

// Restore implements model.Nginx. It reloads in any case: a signal of the killed run may still have been on its way
// when the workers were looked at.
func (n *observed) Restore(ctx context.Context, change model.Change) error {
	if err := n.there(); err != nil {
		return err
	}
	if err := n.found.Prepare(ctx, change.Files); err != nil {
		return unreachable(err)
	}
	if _, err := n.write(ctx, change.Files, true); err != nil {
		return n.byHand(change.Files, err)
	}
	if !n.found.IsRunning() || change.Unloaded {
		return nil
	}
	return n.byHand(nil, unreachable(n.load(ctx)))
}

// byHand adds what a person runs to an error of going back: these files are still the new ones.
func (n *observed) byHand(files []model.FileChange, err error) error {
	if err == nil || errors.Is(err, model.ErrLeaseLost) {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%w; the old files are back: once that is mended, run `%s`", err, n.found.ReloadCommand())
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Path
	}
	return fmt.Errorf("%w; once that is mended, make %s as before, and run `%s`", err, strings.Join(names, ", "), n.found.ReloadCommand())
}
