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

// Compare implements model.Router.
func (r *Router) Compare(ctx context.Context, change model.Change) (model.ChangeState, error) {
	if r.found == nil {
		return model.ChangeNginxGone, nil
	}
	src := r.found.Files(ctx)
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
	case old > 0 || !r.found.IsRunning(): // killed between two files, or nginx would meet it at its next start
		return model.ChangeWritten, nil
	case change.Unloaded:
		return model.ChangeLoaded, nil
	}
	asked := time.Now()
	s, err := r.found.Processes(ctx)
	if err != nil {
		return "", unreachable(err)
	}
	if s.Loaded(change.Workers, written.Add(r.opts.Skew), asked) {
		return model.ChangeLoaded, nil
	}
	return model.ChangeWritten, nil
}

// Restore implements model.Router. It reloads in any case: a signal of the killed run may still have been on its way
// when the workers were looked at.
func (r *Router) Restore(ctx context.Context, change model.Change) error {
	if err := r.found.Prepare(ctx, change.Files); err != nil {
		return unreachable(err)
	}
	if _, err := r.write(ctx, change.Files, true); err != nil {
		return r.byHand(change.Files, err)
	}
	if !r.found.IsRunning() || change.Unloaded {
		return nil
	}
	_, err := r.load(ctx, nil)
	return r.byHand(nil, unreachable(err))
}

// byHand adds what a person runs to an error of going back: these files are still the new ones.
func (r *Router) byHand(files []model.FileChange, err error) error {
	if err == nil || errors.Is(err, model.ErrLeaseLost) {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%w; the old files are back: once that is mended, run `%s`", err, r.found.ReloadCommand())
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Path
	}
	return fmt.Errorf("%w; once that is mended, make %s as before, and run `%s`", err, strings.Join(names, ", "), r.found.ReloadCommand())
}

// Close implements model.Router.
func (r *Router) Close(ctx context.Context) error {
	if r.found == nil {
		return nil
	}
	return r.found.Close(ctx)
}
