package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sync"
	"time"

	"github.com/docker/docker/client"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
)

// Observe implements model.Router.
func (r *Router) Observe(ctx context.Context, dir *model.Addresses) (model.Route, error) {
	if r.wrong != nil {
		return model.Route{}, r.wrong
	}
	found, passed, err := r.find(ctx, dir)
	if err != nil {
		return model.Route{}, unreachable(err)
	}
	if found == nil {
		missing, unread, err := r.missing(ctx, dir)
		return model.Route{State: model.RouterAbsent, Findings: append(passed, unread...), Missing: missing}, unreachable(err)
	}
	if r.found != nil {
		if err := found.TakeOver(ctx, r.found); err != nil {
			return model.Route{}, unreachable(err)
		}
	}
	r.found = found
	if err := found.Attach(ctx); err != nil {
		return model.Route{}, unreachable(err)
	}
	dir = instance.SeenBy(found, dir)
	r.dir = dir
	route := model.Route{Nginx: found.String(), ID: found.ID(), State: model.RouterStopped}
	if found.IsRunning() {
		route.State = model.RouterRunning
	}
	if !found.IsRunning() {
		return route, unreachable(r.read(ctx, &route, dir))
	}
	// It takes as long as all the rest, and none of that has to do with it.
	dumping, stop := context.WithCancel(ctx)
	var dump instance.Result
	var undumped error
	var dumped sync.WaitGroup
	dumped.Go(func() { dump, undumped = found.Dump(dumping) })
	defer dumped.Wait()
	defer stop()
	if err := r.read(ctx, &route, dir); err != nil {
		return route, unreachable(err)
	}
	if err := r.look(ctx, &route); err != nil || route.Refusal != nil {
		return route, unreachable(err)
	}
	dumped.Wait()
	if undumped == nil {
		undumped = r.judge(ctx, dump, &route, dir)
	}
	return route, unreachable(undumped)
}

// read reads the configuration and finds the places that name a colour. What is wrong with it is the route's refusal.
func (r *Router) read(ctx context.Context, route *model.Route, dir *model.Addresses) error {
	main := r.found.MainFile()
	if main == "" && r.opts.Config != "" {
		route.Refusal = model.Refuse(model.SwitchPointNotFound, "nginx.config: %s does not run with %s", r.found, r.opts.Config)
		return nil
	}
	if main == "" {
		route.Refusal = model.Refuse(model.SwitchPointNotFound, "%s has no nginx.conf where nginx would look for it (%v)", r.found, incontainer.MainFiles)
		return nil
	}
	r.conf = mode.Configuration{Nginx: r.found, Files: r.found.Files(ctx), Main: main, SeenAs: r.found.PathInside}
	absent, err := r.mode.StandIn(r.conf)
	if err != nil {
		return r.refuseOr(route, err)
	}
	tree, err := conf.LoadTree(mode.Replaced{Source: r.conf.Files, Changed: absent}, main)
	var syntax *conf.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, fs.ErrNotExist) { // of a file that an include names
		route.Refusal = model.Refuse(model.NginxTestFailed, "the configuration of %s is broken already: %v; mend it, and deploy again", r.found, err)
		return nil
	}
	if err != nil {
		if err := r.refuseOr(route, err); err != nil {
			return fmt.Errorf("read the configuration of %s: %w", r.found, err)
		}
		return nil
	}
	r.conf.Tree, r.absent = tree, absent
	r.mode.Observe(r.conf, dir, route)
	if err := route.Refusal; err != nil {
		route.Refusal = nil
		if err := r.refuseOr(route, err); err != nil {
			return fmt.Errorf("read the configuration of %s: %w", r.found, err)
		}
	}
	if route.Refusal == nil || len(route.Points) > 0 {
		r.notRendered(ctx, route)
		route.Findings = append(route.Findings, r.notPersistent(route.Points)...)
		route.Findings = append(route.Findings, r.found.RestartFindings()...)
	}
	return nil
}

// refuseOr makes the route's refusal of what is wrong with a configuration, ours or nginx's; other errors are returned.
func (r *Router) refuseOr(route *model.Route, err error) error {
	var refused *model.RefusedError
	var invalid *model.InvalidError
	if errors.As(err, &refused) || errors.As(err, &invalid) {
		route.Refusal = err
		return nil
	}
	return err
}

// notPersistent tells of files of a switch that are lost when nginx's container is made anew.
func (r *Router) notPersistent(points []model.SwitchPoint) (findings []model.Finding) {
	for _, file := range r.writes(points) {
		if why := r.found.NotPersistent(file); why != "" {
			findings = append(findings, model.Finding{Code: "not-persistent", Place: file, Message: why})
		}
	}
	return findings
}

// look compares what runs with what is on disk.
func (r *Router) look(ctx context.Context, route *model.Route) error {
	s, err := r.found.Processes(ctx)
	if err != nil {
		return err
	}
	route.Draining = len(s.ShuttingDown)
	route.Workers = s.Accepting()
	if route.Refusal != nil {
		return nil
	}
	if file, ok, err := r.newerThan(ctx, s, route.Points); err != nil {
		return err
	} else if ok {
		route.Refusal = r.notLoaded(file)
	}
	return nil
}

// judge compares what nginx sees of its files with what its next start would read, and takes what it says of them.
func (r *Router) judge(ctx context.Context, dump instance.Result, route *model.Route, dir *model.Addresses) error {
	if dump.Code != 0 {
		// A name of a colour that has ended is what this deployment may mend.
		if host, ok := unresolved(dump.Stderr); ok && dir.Knows(host) {
			return nil
		}
		route.Refusal = model.Refuse(model.NginxTestFailed, "%s would not load its own configuration as it is: %s", r.found, complaint(dump.Stderr))
		return nil
	}
	stale := differs(dump.Stdout, r.conf.Tree, r.absent)
	for _, f := range r.conf.Tree {
		if _, absent := r.absent[path.Clean(f.Path)]; stale != "" || absent {
			continue
		}
		other, err := r.found.ReplacedOutside(ctx, f.Path, f.Src)
		if err != nil {
			return err
		}
		if other {
			stale = f.Path
		}
	}
	if stale != "" {
		route.Refusal = model.Refuse(model.ConfigNotLoaded, "%s sees other bytes in %s than are there: %s", r.found, stale, r.found.StaleRemedy(stale))
	}
	return nil
}

// notLoaded is the refusal of a file that holds something else than what nginx has loaded.
func (r *Router) notLoaded(file string) error {
	return model.Refuse(model.ConfigNotLoaded,
		"%s was changed after %s last loaded its configuration, so what runs is not what is on disk; look at the change, then reload nginx (%s) or undo it",
		file, r.found, r.found.ReloadCommand())
}

// newerThan finds a file with switch points that was changed after the oldest accepting worker began. The files are read
// anew: one may have changed since it was read.
func (r *Router) newerThan(ctx context.Context, s agent.Snapshot, points []model.SwitchPoint) (string, bool, error) {
	in := r.found.Files(ctx)
	seen := map[string]bool{}
	for _, p := range points {
		if seen[p.Path] {
			continue
		}
		seen[p.Path] = true
		changed, err := in.ContentChangedAt(p.Path)
		if err != nil {
			return "", false, err
		}
		if s.OlderThan(changed.Add(r.opts.Skew), time.Now()) {
			return p.Path, true, nil
		}
	}
	return "", false, nil
}

func hasPoint(points []model.SwitchPoint, path string) bool {
	for _, p := range points {
		if p.Path == path {
			return true
		}
	}
	return false
}

// unreachable marks errors of asking; refusals and marked ones pass.
func unreachable(err error) error {
	var refused *model.RefusedError
	var marked *model.UnreachableError
	var invalid *model.InvalidError
	if err == nil || errors.As(err, &refused) || errors.As(err, &marked) || errors.As(err, &invalid) {
		return err
	}
	if client.IsErrConnectionFailed(err) {
		return &model.UnreachableError{What: "the engine", Err: err}
	}
	return &model.UnreachableError{What: "nginx", Err: err}
}
