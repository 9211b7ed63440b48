package nginx

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"path"
)

// surroundings implements place. On a host the files are where they seem to be: what git tracks is all that is to be told.
func (h *hosted) surroundings(ctx context.Context, paths []string) (surroundings, error) {
	told, err := said(ctx, func(ctx context.Context) (*exec.Cmd, error) { return h.command(ctx, "-v"), nil })
	if err != nil {
		return surroundings{}, err
	}
	s := surroundings{version: parseVersion(told.stderr), stored: map[string]storage{}}
	files := h.files(ctx)
	for _, file := range paths {
		e, real, err := files.Entry(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a flag's file may be absent
			return s, err
		}
		at := storage{kind: inDirectory, inside: path.Dir(real)}
		at.host, at.git = tracked(ctx, real, e.Content)
		s.stored[file] = at
	}
	return s, nil
}
