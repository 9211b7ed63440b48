package nginx

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
	"bluegate/nginx/fsys"
)

// surroundings are what only an examination asks of a place.
type surroundings struct {
	version version
	name    string             // of its container; empty on a host
	first   string             // the title of the process that its container began with; empty on a host
	folder  string             // what its Compose folder has room for, and does not hold; empty on a host
	layer   func(string) bool  // whether a path lies in its container's own layer; nil on a host
	stored  map[string]storage // by the files that were asked about
}

// Examine implements model.Router: it collects the facts, and the rules judge them.
func (r *Router) Examine(ctx context.Context, route model.Route, drain time.Duration) ([]model.Finding, error) {
	if len(r.conf.tree) == 0 {
		return nil, nil // what could not be read is the route's refusal
	}
	_, flag := r.mode.(flagged)
	f := facts{nginx: route.Nginx, tree: r.conf.tree, top: conf.Assemble(r.conf.tree), words: wordsOf(r.conf.tree, r.dir), live: route.Names, reloads: !flag, drain: drain}
	f.reload = r.found.advise()
	var err error
	if f.surroundings, err = r.found.surroundings(ctx, r.writes(route.Points)); err != nil {
		return nil, unreachable(err)
	}
	f.link = func(name string) string {
		for range fsys.LinkDepth { // a device is no file, and yet the links lead to it
			target, err := r.conf.files.LinkTarget(name)
			if err != nil || target == "" {
				break
			}
			if !path.IsAbs(target) {
				target = path.Join(path.Dir(name), target)
			}
			if name = target; strings.HasPrefix(name, "/dev/") {
				break
			}
		}
		return name
	}
	if r.found.runs() {
		if f.snapshot, err = r.found.processes(ctx); err != nil {
			return nil, unreachable(err)
		}
		f.unloaded = r.unloaded(f.snapshot, route.Points)
	}
	return f.findings(), nil
}

// writes are the files that a switch changes.
func (r *Router) writes(points []model.SwitchPoint) (paths []string) {
	if mode, ok := r.mode.(flagged); ok {
		if f, _, err := mode.flag(r.conf, r.dir); err == nil {
			return []string{f.file}
		}
		return nil
	}
	for _, p := range points {
		if !slices.Contains(paths, p.Path) {
			paths = append(paths, p.Path)
		}
	}
	return paths
}

// unloaded are the files without switch points that are newer than what runs. Those with switch points refuse a
// deployment.
func (r *Router) unloaded(s agent.Snapshot, points []model.SwitchPoint) (paths []string) {
	for _, file := range r.conf.tree {
		changed, err := r.conf.files.ContentChangedAt(file.Path)
		if err == nil && !hasPoint(points, file.Path) && s.OlderThan(changed.Add(r.opts.Skew), time.Now()) {
			paths = append(paths, file.Path)
		}
	}
	return paths
}
