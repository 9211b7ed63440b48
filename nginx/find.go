package nginx

import (
	"context"
	"errors"

	"bluegate/deploy/model"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/instance"
	"bluegate/nginx/onhost"
)

// find looks for nginx: on this machine when the options say so, else among the containers, and, where none of them
// is meant and the engine is this machine's, among its own processes. It returns nil when there is none, and then what
// it had to pass by.
func (r *Router) find(ctx context.Context, dir *model.Addresses) (instance.Instance, []model.Finding, error) {
	if r.opts.Host {
		if !r.opts.Local {
			return nil, nil, &model.InvalidError{Err: errors.New("nginx.host: the engine is another machine's, or this process is in a container; an nginx on a host can be switched from that host only")}
		}
		host, err := some(onhost.Find(ctx, r.opts, dir))
		return host, nil, err
	}
	s := &incontainer.Search{Engine: r.engine, Opts: r.opts, Dir: dir}
	found, err := some(s.Find(ctx))
	if err != nil || found != nil && found.IsRunning() || r.opts.Container != "" || !r.opts.Local || !dir.Publishes() {
		return found, s.Passed, err
	}
	if host, err := some(onhost.Find(ctx, r.opts, dir)); err != nil || host != nil {
		return host, nil, err
	}
	return found, s.Passed, nil
}

// some makes nothing of a pointer that is nil.
func some[P interface {
	*incontainer.Nginx | *onhost.Nginx
	instance.Instance
}](found P, err error) (instance.Instance, error) {
	if found == nil || err != nil {
		return nil, err
	}
	return found, nil
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
