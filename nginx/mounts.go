package nginx

import (
	"path"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
)

// mountOf finds the mount in which a file of nginx's container lies.
func mountOf(info container.InspectResponse, file string) (container.MountPoint, bool) {
	var best container.MountPoint
	found := false
	for _, m := range info.Mounts {
		if under(file, m.Destination) && (!found || len(m.Destination) > len(best.Destination)) {
			best, found = m, true
		}
	}
	return best, found
}

// under says whether a path is a directory or lies below it.
func under(file, dir string) bool {
	dir = path.Clean(dir)
	return file == dir || strings.HasPrefix(file, strings.TrimSuffix(dir, "/")+"/")
}

// remount is the same mount for a container of ours: at the same place, writable or not as we need it.
func remount(m container.MountPoint, readOnly bool) mount.Mount {
	out := mount.Mount{Type: m.Type, Source: m.Source, Target: m.Destination, ReadOnly: readOnly}
	if m.Type == mount.TypeVolume {
		out.Source = m.Name
	}
	return out
}
