package nginx

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/docker/docker/client"

	"bluegate/deploy/model"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
	"bluegate/nginx/startup"
)

// Router implements model.Router.
type Router struct {
	engine *client.Client
	opts   instance.Options
	mode   mode.Mode
	wrong  error             // what of the settings is wrong, which Observe says
	last   instance.Instance // that Observe found; its agent passes to the next
	asks   *sync.Mutex       // checks are asked in parallel, and one helper answers them all
	// began is what runs before nginx, by its id and the files that a switch writes.
	began map[string]startup.Result
}

// New makes a Router. Nothing is asked yet.
func New(docker *client.Client, opts instance.Options) *Router {
	if opts.ProofTimeout == 0 {
		opts.ProofTimeout = 10 * time.Second
	}
	r := &Router{engine: docker, opts: opts, asks: &sync.Mutex{}, began: map[string]startup.Result{}}
	r.mode, r.wrong = opts.Settings.Build()
	return r
}

var (
	_ model.Router        = (*Router)(nil)
	_ model.RequestSource = (*Router)(nil)
)

// observed is the nginx that an Observe found, with its configuration as it was read.
type observed struct {
	*Router
	found  instance.Instance // nil: there is none
	limit  time.Duration     // of a proof
	dir    *model.Addresses
	route  model.Route
	conf   mode.Configuration // when it was read
	absent map[string][]byte  // what was read in the place of files that are to be made
}

var _ model.Nginx = (*observed)(nil)

// over is an nginx of which nothing was read yet.
func (r *Router) over(found instance.Instance) *observed {
	return &observed{Router: r, found: found, limit: r.opts.ProofTimeout}
}

// there is an error where no nginx was found.
func (n *observed) there() error {
	if n.found == nil {
		return &model.UnreachableError{What: "nginx", Err: errors.New("none was found")}
	}
	return nil
}

// Close implements model.Router.
func (r *Router) Close(ctx context.Context) error {
	if r.last == nil {
		return nil
	}
	return r.last.Close(ctx)
}
