package nginx

import (
	"sync"
	"time"

	"github.com/docker/docker/client"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
	"bluegate/nginx/startup"
)

// Router implements model.Router.
type Router struct {
	engine *client.Client
	opts   instance.Options
	mode   mode.Mode
	wrong  error // what of the settings is wrong, which Observe says
	found  instance.Instance
	conf   mode.Configuration // of found, when it was read
	absent map[string][]byte  // what was read in the place of files that are to be made
	dir    *model.Addresses
	began  map[string]startup.Result // what runs before nginx, by its id and the files that a switch writes
	before *agent.Snapshot           // what ran when a switch was approached
	asks   *sync.Mutex               // checks are asked side by side, and one helper answers them all
}

// New makes a Router. Nothing is asked yet.
func New(docker *client.Client, opts instance.Options) *Router {
	if opts.ProofTimeout == 0 {
		opts.ProofTimeout = 10 * time.Second
	}
	r := &Router{engine: docker, opts: opts, asks: &sync.Mutex{}}
	r.mode, r.wrong = opts.Settings.Build()
	return r
}

var _ model.Router = (*Router)(nil)
