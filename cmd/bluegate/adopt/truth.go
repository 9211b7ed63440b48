package adopt

import (
	"path"
	"slices"
	"strings"
)

// Running is a container that runs, as far as adoption needs it.
type Running struct {
	ID, Name, Image, Command string
	// Project, Service, Folder, Files and EnvFiles are from Compose's labels. The paths are absolute.
	Project, Service, Folder string
	Files, EnvFiles          []string
	Ports                    []Port
	Mounts                   []Mount
}

// Port is a TCP port that a container publishes on the engine's host.
type Port struct{ Host, Container int }

// Mount is a folder or a file of the engine's host that a container sees.
type Mount struct{ From, To string }

// RunsNginx says whether the container's command is nginx, or a script that the official image starts it with.
func (r Running) RunsNginx() bool { return strings.Contains(r.Command, "nginx") }

// Shared says whether it is a database, a queue, a cache, a proxy or a tool, by its image or its service.
func (r Running) Shared() bool { return service{Name: r.Service, Image: r.Image}.shared() }

// OnHost returns the path on the engine's host of a file in the container; empty if it is in no mount of the host's.
func (r Running) OnHost(file string) string {
	longest, found := -1, ""
	for _, m := range r.Mounts {
		rest, inside := strings.CutPrefix(file, m.To)
		if inside && (rest == "" || rest[0] == '/' || strings.HasSuffix(m.To, "/")) && len(m.To) > longest {
			longest, found = len(m.To), path.Join(m.From, rest)
		}
	}
	return found
}

// Truth is what runs.
type Truth []Running

// Of are the containers that were started from Compose files of a folder or of a folder in it.
func (t Truth) Of(dir string) Truth {
	return slices.DeleteFunc(slices.Clone(t), func(r Running) bool {
		return r.Folder != dir && !slices.ContainsFunc(r.Files, func(file string) bool { return path.Dir(file) == dir })
	})
}

// In are the containers of a Compose project.
func (t Truth) In(project string) Truth {
	return slices.DeleteFunc(slices.Clone(t), func(r Running) bool { return r.Project != project })
}

// Named returns the container with this name, or whose id begins so.
func (t Truth) Named(name string) (Running, bool) {
	i := slices.IndexFunc(t, func(r Running) bool {
		return name != "" && (r.Name == name || strings.HasPrefix(r.ID, name))
	})
	if i < 0 {
		return Running{}, false
	}
	return t[i], true
}

// Publishes says whether any container has a port of the engine's host.
func (t Truth) Publishes(port int) bool {
	return slices.ContainsFunc(t, func(r Running) bool {
		return slices.ContainsFunc(r.Ports, func(p Port) bool { return p.Host == port })
	})
}
