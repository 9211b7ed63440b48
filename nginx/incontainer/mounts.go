package incontainer

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/nginx/fsys"
)

// MountOf finds the mount in which a file of nginx's container lies.
func MountOf(info container.InspectResponse, file string) (container.MountPoint, bool) {
	var best container.MountPoint
	found := false
	for _, m := range info.Mounts {
		if fsys.Under(file, m.Destination) && (!found || len(m.Destination) > len(best.Destination)) {
			best, found = m, true
		}
	}
	return best, found
}

// Remount is a mount of nginx's container for a container of ours: at the same place, and with the same part of its
// volume, writable or not as we need it.
func Remount(info container.InspectResponse, m container.MountPoint, readOnly bool) mount.Mount {
	out := mount.Mount{Type: m.Type, Source: m.Source, Target: m.Destination, ReadOnly: readOnly}
	if m.Type == mount.TypeVolume {
		out.Source = m.Name
		// The engine fills an empty volume from the image otherwise.
		out.VolumeOptions = &mount.VolumeOptions{NoCopy: true, Subpath: subpath(info, m.Destination)}
	}
	return out
}

// subpath is the folder of a volume that is mounted at a place; empty: all of it. The list of mounts does not tell it.
func subpath(info container.InspectResponse, target string) string {
	if info.ContainerJSONBase == nil || info.HostConfig == nil {
		return ""
	}
	for _, m := range info.HostConfig.Mounts {
		if path.Clean(m.Target) == path.Clean(target) && m.VolumeOptions != nil {
			return m.VolumeOptions.Subpath
		}
	}
	return ""
}

// NotPersistent implements instance.Instance.
func (c *Nginx) NotPersistent(file string) string {
	if target, ok := c.TmpfsOf(file); ok {
		return fmt.Sprintf("it lies in a tmpfs of %s (%s): a switch is lost when the container is restarted; mount its directory", c, target)
	}
	if _, mounted := MountOf(c.Info, file); mounted {
		return ""
	}
	return fmt.Sprintf("it lies in no mount of %s: a switch is lost when the container is made anew; mount its directory", c)
}

// PathInside implements instance.Instance: a file of the host shows where its folder is mounted. The engine keeps a mount's source as
// the user wrote it, links and all.
func (c *Nginx) PathInside(hostPath string) (string, bool) {
	names := []string{hostPath}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(hostPath)); err == nil {
		names = append(names, filepath.Join(dir, filepath.Base(hostPath)))
	}
	for _, name := range names {
		longest, seen := -1, ""
		for _, m := range c.Info.Mounts {
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
