package nginx

import (
	"context"
	"errors"

	"bluegate/deploy"
)

// find looks for nginx: on this machine when the options say so, else among the containers, and, where none of them
// is meant and the engine is this machine's, among its own processes. It returns nil when there is none.
func (r *Router) find(ctx context.Context, dir *deploy.Directory) (place, error) {
	if r.opts.Host {
		if !r.opts.Local {
			return nil, &deploy.InvalidError{Err: errors.New("nginx.host: the engine is another machine's, or this process is in a container; an nginx on a host can be switched from that host only")}
		}
		return some(findHosted(ctx, r.opts, dir))
	}
	found, err := (&search{engine: r.engine, opts: r.opts, dir: dir}).find(ctx)
	if err != nil || found != nil && found.running || r.opts.Container != "" || !r.opts.Local || !dir.Publishes() {
		return some(found, err)
	}
	if host, err := findHosted(ctx, r.opts, dir); err != nil || host != nil {
		return some(host, err)
	}
	return some(found, nil)
}

// some makes nothing of a pointer that is nil.
func some[P interface {
	*contained | *hosted
	place
}](found P, err error) (place, error) {
	if found == nil || err != nil {
		return nil, err
	}
	return found, nil
}
