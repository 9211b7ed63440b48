package incontainer

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/mount"

	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
)

func (h *agentContainer) has(mounts []mount.Mount) bool {
	return !slices.ContainsFunc(mounts, func(m mount.Mount) bool { return !h.mounted(m) })
}

// mounted says whether it has a mount at that place.
func (h *agentContainer) mounted(m mount.Mount) bool {
	return slices.ContainsFunc(h.mounts, func(o mount.Mount) bool { return o.Target == m.Target && o.ReadOnly == m.ReadOnly })
}

// writeMounts are the mounts through which a switch of these files writes, for an agent of its own: those that nginx may
// only read, where they hold a configuration. What nginx may write is written below its root; of an nginx that does not
// run nothing is seen but by such a mount. A command that only looks has none.
func (c *Nginx) writeMounts(ctx context.Context, files []model.FileChange) (mounts []mount.Mount, err error) {
	if c.Opts.Unlocked {
		return nil, nil
	}
	var names []string
	for _, f := range files {
		_, real, err := fsys.Locate(c.seen(ctx, c.agent.now()), f)
		if err != nil {
			return nil, err
		}
		names = append(names, f.Path, real)
	}
	for _, m := range c.Info.Mounts {
		holds := func(name string) bool { at, ok := MountOf(c.Info, name); return ok && at.Destination == m.Destination }
		needed := slices.ContainsFunc(names, holds) || c.Running && c.main != "" && (holds(c.main) || fsys.Under(m.Destination, path.Dir(c.main)))
		if m.Type == mount.TypeTmpfs || strings.HasSuffix(m.Source, ".sock") || c.Running && m.RW || !needed {
			continue
		}
		mounts = append(mounts, Remount(c.Info, m, false))
	}
	return mounts, nil
}

// ownMount says whether the agent writes a file through a mount of its own.
func (h *agentContainer) ownMount(real string) bool {
	m, ok := MountOf(h.nginx.Info, real)
	_, memory := h.nginx.TmpfsOf(real)
	return ok && !memory && h.mounted(Remount(h.nginx.Info, m, false))
}
