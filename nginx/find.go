package nginx

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"bluegate/deploy/model"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/instance"
)

// find looks for nginx: on this machine when the options say so, else among the containers, and, where none of them
// is meant and the engine is this machine's, among its own processes. It returns nil when there is none, and then what
// it had to pass by.
func (r *Router) find(ctx context.Context, dir *model.Addresses) (instance.Instance, []model.Finding, error) {
	if r.opts.Host {
		if !hostsNginx {
			return nil, nil, &model.InvalidError{Err: fmt.Errorf("nginx.host: an nginx on a host can be switched on Linux only, and this is %s; run bluegate on the host of nginx", runtime.GOOS)}
		}
		if !r.opts.Local {
			return nil, nil, &model.InvalidError{Err: errors.New("nginx.host: the engine is another machine's, or this process is in a container; an nginx on a host can be switched from that host only")}
		}
		host, err := r.findOnHost(ctx, dir)
		return host, nil, err
	}
	s := &incontainer.Search{Engine: r.engine, Opts: r.opts, Dir: dir}
	found, err := some(s.Find(ctx))
	if err != nil || found != nil && found.IsRunning() || r.opts.Container != "" || !r.opts.Local || !dir.Publishes() {
		return found, s.Passed, err
	}
	if host, err := r.findOnHost(ctx, dir); err != nil || host != nil {
		return host, nil, err
	}
	return found, s.Passed, nil
}

// some makes nothing of a pointer that is nil.
func some[P interface {
	comparable
	instance.Instance
}](found P, err error) (instance.Instance, error) {
	var none P
	if found == none || err != nil {
		return nil, err
	}
	return found, nil
}

// notFound is the route where no nginx was found, with what is known of those that do not count.
func (r *Router) notFound(ctx context.Context, dir *model.Addresses, passed []model.Finding) (model.Route, error) {
	route := model.Route{State: model.RouterAbsent, Findings: passed}
	missing, unread, err := r.missing(ctx, dir)
	if route.Missing = missing; err != nil || missing != nil || r.opts.Host {
		route.Findings = append(route.Findings, unread...)
		return route, err
	}
	s := &incontainer.Search{Engine: r.engine, Opts: r.opts, Dir: dir}
	elsewhere, found, err := s.Elsewhere(ctx)
	route.Elsewhere, route.Findings = elsewhere, append(route.Findings, found...)
	return route, err
}

// missing says what is known of a container that the options name where none was found, and what had to be passed by on
// the way; nil: they name none.
func (r *Router) missing(ctx context.Context, dir *model.Addresses) (*model.MissingNginx, []model.Finding, error) {
	if r.opts.Container == "" || r.opts.Host {
		return nil, nil, nil
	}
	s := &incontainer.Search{Engine: r.engine, Opts: r.opts, Dir: dir}
	missing, err := s.Missing(ctx)
	return missing, s.Passed, err
}
