//go:build linux

package onhost

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
	"bluegate/nginx/instance"
	"bluegate/nginx/overlay"
)

// overlaid tests a configuration in a mount namespace in which the files are changed already. It implements trial.
type overlaid struct {
	nginx *Nginx
	stage string
	files []overlay.File
}

// ConfigTest implements instance.Instance.
func (h *Nginx) ConfigTest(ctx context.Context, change model.Change) (instance.ConfigTest, error) {
	t := &overlaid{nginx: h}
	in := h.Files(ctx)
	for _, f := range change.Files {
		e, real, err := fsys.Locate(in, f)
		if err != nil {
			return nil, err
		}
		t.files = append(t.files, overlay.File{Path: real, Content: f.New, Link: f.Link, Absent: f.New == nil && f.Link == "",
			Mode: os.FileMode(fsys.ModeOf(e, f)), UID: e.UID, GID: e.GID})
	}
	var err error
	if t.stage, err = os.MkdirTemp("", "bluegate-trial-"); err == nil {
		t.stage, err = filepath.EvalSymlinks(t.stage)
	}
	if err != nil {
		return nil, fmt.Errorf("make room to test the coming configuration: %w", err)
	}
	return t, nil
}

func (t *overlaid) Run(ctx context.Context) (int64, string, error) {
	done, err := said(ctx, func(ctx context.Context) (*exec.Cmd, error) {
		self := t.nginx.opts.Overlay
		if len(self) == 0 {
			return nil, fmt.Errorf("this program cannot show nginx a changed file")
		}
		like := t.nginx.command(ctx, "-t")
		cmd, err := overlay.Command(ctx, self, t.stage, t.files, append([]string{like.Path}, like.Args[1:]...)...)
		if err == nil {
			cmd.Env, cmd.Dir = like.Env, like.Dir
		}
		return cmd, err
	})
	return int64(done.Code), done.Stderr, err
}

func (t *overlaid) End(context.Context) error { return os.Remove(t.stage) }
