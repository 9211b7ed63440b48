package incontainer

import (
	"path"
	"slices"

	"github.com/docker/docker/api/types/mount"

	"bluegate/nginx/fsys"
)

// A tmpfs is in the mount namespace of its container only: the archive call shows and changes what lies under it. What
// nginx keeps there is seen below its root only.

// tmpfs are where the container has a tmpfs. Those of `docker run --tmpfs`, and of Compose's tmpfs, are in no list of
// mounts.
func (c *Nginx) tmpfs() (targets []string) {
	for _, m := range c.Info.Mounts {
		if m.Type == mount.TypeTmpfs {
			targets = append(targets, path.Clean(m.Destination))
		}
	}
	if c.Info.HostConfig != nil {
		for target := range c.Info.HostConfig.Tmpfs {
			targets = append(targets, path.Clean(target))
		}
	}
	slices.Sort(targets)
	return slices.Compact(targets)
}

// TmpfsOf is the tmpfs in which a file lies, if it lies in one.
func (c *Nginx) TmpfsOf(file string) (string, bool) {
	longest, found := "", false
	for _, target := range c.tmpfs() {
		if fsys.Under(file, target) && len(target) > len(longest) {
			longest, found = target, true
		}
	}
	if m, ok := MountOf(c.Info, file); found && ok && len(m.Destination) > len(longest) {
		return "", false
	}
	return longest, found
}
