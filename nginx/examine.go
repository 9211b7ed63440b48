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

// Examine implements model.Nginx: it collects the facts, and the rules judge them.
func (n *observed) Examine(ctx context.Context, e model.Examination) ([]model.Finding, error) {
	if err := n.there(); err != nil {
		return nil, err
	}
	if e.Restart {
		return n.restart(ctx, n.route)
	}
	if len(n.conf.Tree) == 0 {
		return nil, nil // what could not be read is the route's refusal
	}
	_, flag := n.mode.(mode.Flagged)
	f := lint.Input{Nginx: n.route.Nginx, Tree: n.conf.Tree, Top: conf.Assemble(n.conf.Tree), Words: lint.Addressed(n.conf.Tree, n.dir), Live: n.route.Names, Reloads: !flag, Drain: e.Drain, Writes: n.writes(n.route.Points), JudgePort: n.opts.JudgePort, JudgeKey: len(n.opts.Settings.Canary.Steps) > 0, Steps: len(n.opts.Settings.Canary.Steps)}
	f.Reload = n.found.ReloadCommand()
	var err error
	if f.Surroundings, err = n.found.LintInput(ctx, f.Writes); err != nil {
		return nil, unreachable(err)
	}
	f.Link = func(name string) string {
		for range fsys.LinkDepth { // a device is no file, and yet the links lead to it
			target, err := n.conf.Files.LinkTarget(name)
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
	if n.found.IsRunning() {
		if f.Snapshot, err = n.found.Processes(ctx); err != nil {
			return nil, unreachable(err)
		}
		f.Unloaded = n.unloaded(f.Snapshot)
	}
	return f.Findings(), nil
}

// writes are the files that a switch changes.
func (n *observed) writes(points []model.SwitchPoint) (paths []string) {
	if mode, ok := n.mode.(mode.Flagged); ok {
		if f, _, err := mode.Flag(n.conf, n.dir); err == nil {
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

// unloaded are the files that are newer than what runs, and on which it does not depend what is served. The others refuse a
// deployment.
func (n *observed) unloaded(s agent.Snapshot) (paths []string) {
	for _, file := range n.conf.Tree {
		changed, err := n.conf.Files.ContentChangedAt(file.Path)
		if err == nil && !tells(file, n.route) && s.OlderThan(changed.Add(n.opts.Skew), time.Now()) {
			paths = append(paths, file.Path)
		}
	}
	return paths
}
