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
	"bluegate/nginx/lint"
	"bluegate/nginx/mode"
)

// Examine implements model.Router: it collects the facts, and the rules judge them.
func (r *Router) Examine(ctx context.Context, route model.Route, drain time.Duration) ([]model.Finding, error) {
	if len(r.conf.Tree) == 0 {
		return nil, nil // what could not be read is the route's refusal
	}
	_, flag := r.mode.(mode.Flagged)
	f := lint.Input{Nginx: route.Nginx, Tree: r.conf.Tree, Top: conf.Assemble(r.conf.Tree), Words: lint.Addressed(r.conf.Tree, r.dir), Live: route.Names, Reloads: !flag, Drain: drain}
	f.Reload = r.found.ReloadCommand()
	var err error
	if f.Surroundings, err = r.found.LintInput(ctx, r.writes(route.Points)); err != nil {
		return nil, unreachable(err)
	}
	f.Link = func(name string) string {
		for range fsys.LinkDepth { // a device is no file, and yet the links lead to it
			target, err := r.conf.Files.LinkTarget(name)
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
	if r.found.IsRunning() {
		if f.Snapshot, err = r.found.Processes(ctx); err != nil {
			return nil, unreachable(err)
		}
		f.Unloaded = r.unloaded(f.Snapshot, route.Points)
	}
	return f.Findings(), nil
}

// writes are the files that a switch changes.
func (r *Router) writes(points []model.SwitchPoint) (paths []string) {
	if mode, ok := r.mode.(mode.Flagged); ok {
		if f, _, err := mode.Flag(r.conf, r.dir); err == nil {
			return []string{f.File}
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
	for _, file := range r.conf.Tree {
		changed, err := r.conf.Files.ContentChangedAt(file.Path)
		if err == nil && !hasPoint(points, file.Path) && s.OlderThan(changed.Add(r.opts.Skew), time.Now()) {
			paths = append(paths, file.Path)
		}
	}
	return paths
}
