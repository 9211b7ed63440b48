// Package nginx is the adapter to nginx: it finds it, reads its configuration, plans and rehearses a change, writes it,
// signals, proves by the workers what is served, and waits until the old workers are gone.
package nginx

import (
	"context"
	"time"

	"github.com/docker/docker/client"

	"bluegate/deploy"
	"bluegate/nginx/conf"
)

// Options say where nginx is. The zero value means: find it.
type Options struct {
	Container string        // name or id of nginx's container
	Skew      time.Duration // added to the engine's times to get ours
	// Helper returns a static executable for an architecture, and the arguments that make it serve package helper.
	Helper func(architecture string) (executable []byte, args []string, err error)
	// ProofTimeout bounds the proof of a switch. Zero: 10 s.
	ProofTimeout time.Duration
}

// Router implements deploy.Router for an nginx that runs in a container.
type Router struct {
	engine  *client.Client
	opts    Options
	project string // names the helper containers
	found   *instance
	files   *source // as they were when the configuration was read
	tree    []*conf.File
	help    *companion
}

// New makes a Router. Nothing is asked yet.
func New(engine *client.Client, opts Options) *Router {
	if opts.ProofTimeout == 0 {
		opts.ProofTimeout = 10 * time.Second
	}
	return &Router{engine: engine, opts: opts}
}

var _ deploy.Router = (*Router)(nil)

// askLimit bounds one question to the engine; a stopped daemon would hold the asker for ever.
const askLimit = 15 * time.Second

func asking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, askLimit)
}

// SweepLabel marks the containers that this package makes, so that a later run can remove what a killed one left.
const SweepLabel = "bluegate.sweep"
