package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
)

// errForeign says that a file holds neither what we read nor what we wrote.
var errForeign = errors.New("somebody else changed it meanwhile; it is left as it is")

// write puts the new bytes of every file in place of the old ones, or the other way round. It returns how many of the
// files it may have written: one that somebody else changed is none of them.
func (r *Router) write(ctx context.Context, files []model.FileChange, back bool) (int, error) {
	for i, f := range files {
		if ctx.Err() != nil { // before each: with the lock goes the right to write
			return i, context.Cause(ctx)
		}
		var stamp time.Time
		if back {
			// With its old time, a file that was put back does not look as if it had never been loaded.
			stamp, f = f.OldTime, f.Reverse()
		}
		err := r.found.replace(ctx, f, stamp)
		switch {
		case err == nil:
			continue
		case !errors.Is(err, errForeign):
			i++
		}
		return i, fmt.Errorf("write %s of %s: %w", f.Path, r.found, err)
	}
	return len(files), nil
}

// locate finds the file that a change is about, as it is now: without content where there is none. A link that the
// change itself points elsewhere is not followed, and its target stands in the entry.
func locate(in files, f model.FileChange) (entry, string, error) {
	e, real, err := in.entry(f.Path)
	if err == nil && f.Link == "" && f.OldLink == "" {
		return e, real, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return e, real, err
	}
	if err != nil {
		e = entry{mode: 0o644}
	}
	dir, err := in.realDir(path.Dir(f.Path))
	if err != nil {
		return e, real, err
	}
	real = path.Join(dir, path.Base(f.Path))
	target, err := in.link(real)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	e.link = target
	return e, real, err
}

// lookAt finds out from files that were read which content is there.
func lookAt(in files, f model.FileChange) (agent.Holding, time.Time, error) {
	e, _, err := locate(in, f)
	switch {
	case err != nil:
		return "", time.Time{}, err
	case holds(e, f.Reverse()):
		return agent.HoldsOld, e.modTime, nil
	case holds(e, f):
		return agent.HoldsNew, e.modTime, nil
	}
	return agent.HoldsOther, e.modTime, nil
}

// holds says whether a located file is as a change leaves it.
func holds(e entry, f model.FileChange) bool { return same(e.content, f.New) && e.link == f.Link }

// same tells an absent file, which is nil, from an empty one.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
