package incontainer

import (
	"bytes"
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/containerd/errdefs"

	"bluegate/compose/engine"
	"bluegate/nginx/startup"
)

// StartCommand implements instance.Instance. A file is left out that nginx's container cannot write: in a mount that is read-only there,
// or in a root that is.
func (c *Nginx) StartCommand(ctx context.Context, files []string) (startup.Start, []startup.Live) {
	start := startup.Start{Words: append([]string{c.Info.Path}, c.Info.Args...), Files: startFiles{ctx, c}}
	if c.Info.Config != nil {
		start.Env, start.Dir = c.Info.Config.Env, c.Info.Config.WorkingDir
	}
	var live []startup.Live
	src := c.Files(ctx)
	for _, file := range files {
		l := startup.Live{Names: []string{file}}
		if _, real, err := src.Entry(file); err == nil && real != file {
			l.Names = append(l.Names, real)
		}
		writable := false
		for _, name := range l.Names {
			m, mounted := MountOf(c.Info, name)
			_, memory := c.TmpfsOf(name)
			writable = writable || memory || mounted && m.RW || !mounted && !c.Info.HostConfig.ReadonlyRootfs
			l.Fixed = l.Fixed || mounted && !memory && m.Destination == name
		}
		if writable {
			live = append(live, l)
		}
	}
	return start, live
}

// startFiles are the files of a container, one by one: the archive of a whole folder would be that of its system.
type startFiles struct {
	ctx context.Context
	c   *Nginx
}

// largestScript is longer than a script.
const largestScript = 256 << 10

// Text implements startup.Source.
func (s startFiles) Text(name string) ([]byte, error) {
	if _, memory := s.c.TmpfsOf(name); memory {
		return nil, fs.ErrNotExist // at the start it is empty
	}
	ctx, cancel := engine.Asking(s.ctx)
	defer cancel()
	stat, err := s.c.Engine.ContainerStatPath(ctx, s.c.ID(), name)
	if err == nil && stat.LinkTarget != "" {
		name = stat.LinkTarget
		stat, err = s.c.Engine.ContainerStatPath(ctx, s.c.ID(), name)
	}
	switch {
	case errdefs.IsNotFound(err):
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, err
	case stat.Mode.IsDir():
		return nil, fs.ErrNotExist
	case stat.Size > largestScript:
		return nil, startup.ErrBinary
	}
	files, err := NewArchive(ctx, s.c.Engine, s.c.ID()).archived(name)
	if err != nil {
		return nil, err
	}
	content := files[name].Content
	if bytes.IndexByte(content, 0) >= 0 {
		return nil, startup.ErrBinary
	}
	return content, nil
}

// Glob implements startup.Source.
func (s startFiles) Glob(pattern string) ([]string, error) { return s.c.Files(s.ctx).Glob(pattern) }

// Template implements instance.Instance.
func (c *Nginx) Template(file string) string {
	if !slices.ContainsFunc(append([]string{c.Info.Path}, c.Info.Args...), func(word string) bool { return path.Base(word) == renderer }) {
		return ""
	}
	setting := func(name, fallback string) string {
		if c.Info.Config != nil {
			for _, entry := range c.Info.Config.Env {
				if value, ok := strings.CutPrefix(entry, "NGINX_ENVSUBST_"+name+"="); ok && value != "" {
					return value
				}
			}
		}
		return fallback
	}
	written, ok := strings.CutPrefix(file, path.Clean(setting("OUTPUT_DIR", "/etc/nginx/conf.d"))+"/")
	if !ok {
		return ""
	}
	return path.Join(setting("TEMPLATE_DIR", "/etc/nginx/templates"), written+setting("TEMPLATE_SUFFIX", ".template"))
}

// renderer is the entrypoint of nginx's official image: at each start of its container it writes every file again of which
// it has a template (20-envsubst-on-templates.sh).
const renderer = "docker-entrypoint.sh"
