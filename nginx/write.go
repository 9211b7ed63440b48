package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/docker/docker/api/types/container"

	"bluegate/deploy"
	"bluegate/nginx/helper"
)

// errForeign says that a file holds neither what we read nor what we wrote.
var errForeign = errors.New("somebody else changed it meanwhile; it is left as it is")

// write puts the new bytes of every file in place of the old ones, or the other way round. It returns how many of the
// files it may have written: one that somebody else changed is none of them.
func (r *Router) write(ctx context.Context, files []deploy.FileChange, back bool) (int, error) {
	for i, f := range files {
		from, to, stamp := f.Old, f.New, time.Time{}
		if back {
			// With its old time, a file that was put back does not look as if it had never been loaded.
			from, to, stamp = f.New, f.Old, f.OldTime
		}
		err := r.replace(ctx, f.Path, from, to, stamp)
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

func (r *Router) replace(ctx context.Context, file string, from, to []byte, stamp time.Time) error {
	real, err := r.realPath(ctx, file)
	if err != nil {
		return err
	}
	if m, ok := mountOf(r.found.info, real); !ok || m.Type == "tmpfs" {
		return r.replaceInside(ctx, real, from, to, stamp)
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	resp, err := r.ask(ctx, helper.Request{Replace: &helper.Replace{Path: real, Old: from, New: to, ModTime: stamp}})
	switch {
	case err != nil:
		return err
	case resp.Changed:
		return errForeign
	case resp.Error != "":
		return errors.New(resp.Error)
	}
	return nil
}

// replaceInside writes a file of the container's own layer, which no other container can mount: a new file beside it
// through the archive call, then a rename.
func (r *Router) replaceInside(ctx context.Context, file string, from, to []byte, stamp time.Time) error {
	e, _, err := newSource(ctx, r.engine, r.found.id()).entry(file)
	if err != nil {
		return err
	}
	if bytes.Equal(e.content, to) {
		return nil
	}
	if !bytes.Equal(e.content, from) {
		return errForeign
	}
	e.content, e.modTime = to, time.Now().Add(-r.opts.Skew)
	if !stamp.IsZero() {
		e.modTime = stamp
	}
	name := file
	if r.found.running {
		name = path.Join(path.Dir(file), "."+path.Base(file)+".bluegate-tmp")
	}
	content, err := tarOf(map[string]entry{name: e})
	if err != nil {
		return err
	}
	ask, cancel := asking(ctx)
	defer cancel()
	if err := r.engine.CopyToContainer(ask, r.found.id(), "/", content, container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("put the new file beside it: %w", err)
	}
	if name == file { // nothing reads it before nginx starts
		return nil
	}
	moved, err := r.exec(ctx, "mv", "-f", name, file)
	if err == nil && moved.code != 0 {
		err = fmt.Errorf("rename the new file over it: %s", deploy.Plain(moved.stderr))
	}
	return err
}
