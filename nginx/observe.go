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
func (r *Router) Observe(ctx context.Context, dir *model.Addresses) (model.Nginx, model.Route, error) {
	n, route, err := r.observe(ctx, dir)
	if err != nil {
		return nil, route, unreachable(err)
	}
	if route.State == model.RouterRunning && len(n.conf.Tree) > 0 {
		route.Entrances = n.entrances(route.Points)
	}
	n.route = route
	return n, route, nil
}

func (r *Router) observe(ctx context.Context, dir *model.Addresses) (*observed, model.Route, error) {
	if r.wrong != nil {
		return nil, model.Route{}, r.wrong
	}
	found, passed, err := r.find(ctx, dir)
	if err != nil {
		return nil, model.Route{}, err
	}
	n := r.over(found)
	if found == nil {
		route, err := r.notFound(ctx, dir, passed)
		return n, route, err
	}
	if r.last != nil {
		if err := found.TakeOver(ctx, r.last); err != nil {
			return nil, model.Route{}, err
		}
	}
	r.last = found
	if err := found.Attach(ctx); err != nil {
		return nil, model.Route{}, err
	}
	n.dir = instance.SeenBy(found, dir)
	route := model.Route{Nginx: found.String(), ID: found.ID(), State: model.RouterStopped}
	looking, stop := context.WithCancel(ctx)
	var others []instance.Other
	var unseen error
	var looked sync.WaitGroup
	looked.Go(func() { others, unseen = r.others(looking, dir, found.ID()) })
	defer looked.Wait()
	defer stop()
	if found.IsRunning() {
		route.State = model.RouterRunning
		err = n.readRunning(ctx, &route)
	} else {
		route.Start = found.RunCommand()
		err = n.read(ctx, &route, n.dir)
	}
	if err != nil {
		return n, route, err
	}
	looked.Wait()
	leadElsewhere(&route, others)
	severalMasters(&route, found)
	if route.Refusal == nil {
		route.Refusal = ofSwarm(found)
	}
	return n, route, unseen
}

// ofSwarm refuses an nginx that is a task of a Swarm service: what is written to its container is gone when the Swarm
// replaces it, and other tasks of the service are not switched.
func ofSwarm(found instance.Instance) error {
	task, is := found.(interface{ SwarmService() string })
	if !is || task.SwarmService() == "" {
		return nil
	}
	return model.Refuse(model.NginxNotSwitched, "%s is a task of the Swarm service %s, so a switch would be lost when the Swarm replaces it, and its other tasks would not be switched; run nginx as a container of its own on a manager (`docker run`, or a Compose project), on an attachable overlay network that the stacks are on, or on the manager's host", found, task.SwarmService())
}

// readRunning reads the configuration and compares it with what runs.
func (n *observed) readRunning(ctx context.Context, route *model.Route) error {
	// It takes as long as all the rest, and none of that has to do with it.
	dumping, stop := context.WithCancel(ctx)
	var dump instance.Result
	var undumped error
	var dumped sync.WaitGroup
	dumped.Go(func() { dump, undumped = n.found.Dump(dumping) })
	defer dumped.Wait()
	defer stop()
	if err := n.read(ctx, route, n.dir); err != nil {
		return err
	}
	wrong := route.Refusal
	if err := n.look(ctx, route); err != nil || wrong != nil {
		return err
	}
	dumped.Wait()
	if undumped != nil {
		return undumped
	}
	return n.judge(ctx, dump, route, n.dir) // whose refusal says more than look's
}

// read reads the configuration and finds the places that name a colour. What is wrong with it is the route's refusal.
func (n *observed) read(ctx context.Context, route *model.Route, dir *model.Addresses) error {
	main := n.found.MainFile()
	if main == "" && n.opts.Config != "" {
		route.Refusal = model.Refuse(model.SwitchPointNotFound, "nginx.config: %s does not run with %s", n.found, n.opts.Config)
		return nil
	}
	if main == "" {
		route.Refusal = model.Refuse(model.SwitchPointNotFound, "%s has no nginx.conf where nginx would look for it (%v)", n.found, incontainer.MainFiles)
		return nil
	}
	n.conf = mode.Configuration{Nginx: n.found, Files: n.found.Files(ctx), Main: main, SeenAs: n.found.PathInside}
	absent, err := n.mode.StandIn(n.conf)
	if err != nil {
		return n.refuseOr(route, err)
	}
	tree, err := conf.LoadTree(mode.Replaced{Source: n.conf.Files, Changed: absent}, main)
	var syntax *conf.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, fs.ErrNotExist) { // of a file that an include names
		route.Refusal = model.Refuse(model.NginxTestFailed, "the configuration of %s is broken already: %v; mend it, and deploy again", n.found, err)
		return nil
	}
	if err != nil {
		if err := n.refuseOr(route, err); err != nil {
			return fmt.Errorf("read the configuration of %s: %w", n.found, err)
		}
		return nil
	}
	n.conf.Tree, n.absent = tree, absent
	n.mode.Observe(n.conf, dir, route)
	n.readRequests(route)
	if err := route.Refusal; err != nil {
		route.Refusal = nil
		if err := n.refuseOr(route, err); err != nil {
			return fmt.Errorf("read the configuration of %s: %w", n.found, err)
		}
	}
	if route.Refusal == nil || len(route.Points) > 0 {
		n.notRendered(ctx, route)
		route.Findings = append(route.Findings, n.notPersistent(route.Points)...)
		route.Findings = append(route.Findings, n.found.RestartFindings()...)
	}
	return nil
}

// refuseOr makes the route's refusal of what is wrong with a configuration, ours or nginx's; other errors are returned.
func (n *observed) refuseOr(route *model.Route, err error) error {
	var refused *model.RefusedError
	var invalid *model.InvalidError
	if errors.As(err, &refused) || errors.As(err, &invalid) {
		route.Refusal = err
		return nil
	}
	return err
}

// notPersistent tells of files of a switch that are lost when nginx's container is recreated.
func (n *observed) notPersistent(points []model.SwitchPoint) (findings []model.Finding) {
	for _, file := range n.writes(points) {
		if why := n.found.NotPersistent(file); why != "" {
			findings = append(findings, model.Finding{Code: "not-persistent", Place: file, Message: why})
		}
	}
	return findings
}

// look compares what runs with what is on disk.
func (n *observed) look(ctx context.Context, route *model.Route) error {
	s, err := n.found.Processes(ctx)
	if err != nil {
		return err
	}
	route.Draining = len(s.ShuttingDown)
	route.Workers = s.Accepting()
	if _, asksAgain := n.mode.(mode.Flagged); !asksAgain {
		route.Since, _ = s.OldestStart(time.Now())
	}
	if route.Refusal != nil {
		return nil
	}
	if file, ok, err := n.newerThan(ctx, s, *route); err != nil {
		return err
	} else if ok {
		route.Refusal = n.notLoaded(file)
	}
	return nil
}

// judge compares what nginx sees of its files with what its next start would read, and takes what it says of them.
func (n *observed) judge(ctx context.Context, dump instance.Result, route *model.Route, dir *model.Addresses) error {
	if dump.Code != 0 {
		// A name of a colour that has ended is what this deployment may mend.
		if host, ok := unresolved(dump.Stderr); ok && dir.Knows(host) {
			return nil
		}
		route.Refusal = model.Refuse(model.NginxTestFailed, "%s would not load its own configuration as it is: %s", n.found, complaint(dump.Stderr))
		return nil
	}
	stale := differs(dump.Stdout, n.conf.Tree, n.absent)
	for _, f := range n.conf.Tree {
		if _, absent := n.absent[path.Clean(f.Path)]; stale != "" || absent {
			continue
		}
		other, err := n.found.ReplacedOutside(ctx, f.Path, f.Src)
		if err != nil {
			return err
		}
		if other {
			stale = f.Path
		}
	}
	if stale != "" {
		route.Refusal = model.Refuse(model.ConfigNotLoaded, "%s sees other bytes in %s than are there: %s", n.found, stale, n.found.StaleRemedy(stale))
	}
	return nil
}

// notLoaded is the refusal of a file that holds something else than what nginx has loaded.
func (n *observed) notLoaded(file string) error {
	return model.Refuse(model.ConfigNotLoaded,
		"%s was changed after %s last loaded its configuration, so what runs is not what is on disk; look at the change, then reload nginx (%s) or undo it",
		file, n.found, n.found.ReloadCommand())
}

// newerThan finds a file that was changed after the oldest accepting worker began, so that what runs cannot be told from what
// is there. A file without switch points is one of these too, where it says where requests go: its include may have brought
// another file, or it may have named the colour that is idle by what is there now. The files' times are read again: one may have
// changed since it was read.
func (n *observed) newerThan(ctx context.Context, s agent.Snapshot, route model.Route) (string, bool, error) {
	in := n.found.Files(ctx)
	for _, file := range n.conf.Tree {
		if !tells(file, route) {
			continue
		}
		changed, err := in.ContentChangedAt(file.Path)
		if err != nil {
			return "", false, err
		}
		if s.OlderThan(changed.Add(n.opts.Skew), time.Now()) {
			return file.Path, true, nil
		}
	}
	return "", false, nil
}

// tells says whether it depends on a file which colour nginx serves. As long as no colour is named nginx serves none, and what
// the first deployment is going to make may be included already.
func tells(file *conf.File, route model.Route) bool {
	return hasPoint(route.Points, file.Path) || route.Names != model.None && !mode.Inert(file)
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
