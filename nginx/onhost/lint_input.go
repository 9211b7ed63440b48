//go:build linux

package onhost

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"path"

	"bluegate/nginx/instance"
	"bluegate/nginx/lint"
)

// LintInput implements instance.Instance. On a host the files are where they seem to be: what git tracks is all that is to be told.
func (h *Nginx) LintInput(ctx context.Context, paths []string) (lint.Surroundings, error) {
	told, err := said(ctx, func(ctx context.Context) (*exec.Cmd, error) { return h.command(ctx, "-v"), nil })
	if err != nil {
		return lint.Surroundings{}, err
	}
	s := lint.Surroundings{Version: lint.ParseVersion(told.Stderr), Stored: map[string]lint.Storage{}}
	files := h.Files(ctx)
	for _, file := range paths {
		e, real, err := files.Entry(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a flag's file may be absent
			return s, err
		}
		at := lint.Storage{Kind: lint.InDirectory, Inside: path.Dir(real)}
		at.Host, at.Git = instance.Tracked(ctx, real, e.Content)
		s.Stored[file] = at
	}
	return s, nil
}
