package nginx

import (
	"context"
	"time"

	"bluegate/deploy"
)

// Compare implements deploy.Router.
func (r *Router) Compare(ctx context.Context, change deploy.Change) (deploy.Fate, error) {
	if r.found == nil {
		return deploy.FateGone, nil
	}
	src := r.found.files(ctx)
	old, fresh := 0, 0
	var written time.Time
	for _, f := range change.Files {
		e, _, err := locate(src, f)
		if err != nil {
			return "", unreachable(err)
		}
		switch {
		case holds(e, f.Reverse()):
			old++
		case holds(e, f):
			fresh++
			if e.modTime.After(written) {
				written = e.modTime
			}
		default:
			return deploy.FateForeign, nil
		}
	}
	switch {
	case fresh == 0:
		return deploy.FateUntouched, nil
	case old > 0 || !r.found.runs(): // killed between two files, or nginx would meet it at its next start
		return deploy.FateWritten, nil
	case change.Unloaded:
		return deploy.FateLoaded, nil
	}
	asked := time.Now()
	s, err := r.found.processes(ctx)
	if err != nil {
		return "", unreachable(err)
	}
	// Ages are whole seconds, so the worker may be a second older than it says, and so are the archive's times: the file
	// may be a second newer. In doubt both are: to put the old bytes back and reload harms nobody, and to stop the colour
	// that an older worker serves does.
	if began, ok := s.oldest(asked); ok && began.Add(-time.Second).After(written.Add(r.opts.Skew).Add(time.Second)) {
		return deploy.FateLoaded, nil
	}
	return deploy.FateWritten, nil
}

// Restore implements deploy.Router. It reloads in any case: a signal of the killed run may still have been on its way
// when the workers were looked at.
func (r *Router) Restore(ctx context.Context, change deploy.Change) error {
	if err := r.found.prepare(ctx, change.Files); err != nil {
		return unreachable(err)
	}
	if _, err := r.write(ctx, change.Files, true); err != nil {
		return err
	}
	if !r.found.runs() || change.Unloaded {
		return nil
	}
	_, err := r.load(ctx, nil)
	return unreachable(err)
}

// Close implements deploy.Router.
func (r *Router) Close(ctx context.Context) error {
	if r.found == nil {
		return nil
	}
	return r.found.close(ctx)
}
