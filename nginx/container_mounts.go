package nginx

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/nginx/fsys"
)

// mountOf finds the mount in which a file of nginx's container lies.
func mountOf(info container.InspectResponse, file string) (container.MountPoint, bool) {
	var best container.MountPoint
	found := false
	for _, m := range info.Mounts {
		if fsys.Under(file, m.Destination) && (!found || len(m.Destination) > len(best.Destination)) {
			best, found = m, true
		}
	}
	return best, found
}

// remount is the same mount for a container of ours: at the same place, writable or not as we need it.
func remount(m container.MountPoint, readOnly bool) mount.Mount {
	out := mount.Mount{Type: m.Type, Source: m.Source, Target: m.Destination, ReadOnly: readOnly}
	if m.Type == mount.TypeVolume {
		out.Source = m.Name
	}
	return out
}

// fleeting implements place.
func (c *contained) fleeting(file string) string {
	if target, ok := c.memoryOf(file); ok {
		return fmt.Sprintf("it lies in a tmpfs of %s (%s): a switch is lost when the container is restarted; mount its directory", c, target)
	}
	if _, mounted := mountOf(c.info, file); mounted {
		return ""
	}
	return fmt.Sprintf("it lies in no mount of %s: a switch is lost when the container is made anew; mount its directory", c)
}

// seenAs implements place: a file of the host shows where its folder is mounted. The engine keeps a mount's source as
// the user wrote it, links and all.
func (c *contained) seenAs(hostPath string) (string, bool) {
	names := []string{hostPath}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(hostPath)); err == nil {
		names = append(names, filepath.Join(dir, filepath.Base(hostPath)))
	}
	for _, name := range names {
		longest, seen := -1, ""
		for _, m := range c.info.Mounts {
			if m.Type == mount.TypeBind && fsys.Under(name, m.Source) && len(m.Source) > longest {
				longest, seen = len(m.Source), path.Join(m.Destination, strings.TrimPrefix(name, path.Clean(m.Source)))
			}
		}
		if longest >= 0 {
			return seen, true
		}
	}
	return "", false
}
