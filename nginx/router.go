package nginx

import (
	"context"
	"sync"
	"time"

	"github.com/docker/docker/client"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/mode"
	"bluegate/nginx/startup"
)

// Options say where nginx is. The zero value means: find it.
type Options struct {
	Container string        // name or id of nginx's container, or its Compose service
	NamedAt   string        // where Container was named: file:line, or a variable
	Host      bool          // nginx runs on this machine, in no container
	Config    string        // its main configuration file, where several run on this machine or nginx was built with another
	Overlay   []string      // how this program is called so that it runs overlay.Main
	Local     bool          // the engine runs on this machine
	Skew      time.Duration // added to the engine's times to get ours
	// Unlocked says that others may be at work: what is made for this command has names of its own.
	Unlocked bool
	// Helper returns a static executable for an architecture, and the arguments that make it serve package helper.
	Helper func(architecture string) (executable []byte, args []string, err error)
	// ProofTimeout bounds the proof of a switch. Zero: 10 s.
	ProofTimeout time.Duration
	Settings     mode.Settings // how it is switched
}

// Router implements model.Router.
type Router struct {
	engine *client.Client
	opts   Options
	mode   mode.Mode
	wrong  error // what of the settings is wrong, which Observe says
	found  place
	conf   mode.Configuration // of found, when it was read
	absent map[string][]byte  // what was read in the place of files that are to be made
	dir    *model.Addresses
	began  map[string]startup.Result // what runs before nginx, by its id and the files that a switch writes
	before *agent.Snapshot           // what ran when a switch was approached
	asks   *sync.Mutex               // checks are asked side by side, and one helper answers them all
}

// New makes a Router. Nothing is asked yet.
func New(engine *client.Client, opts Options) *Router {
	if opts.ProofTimeout == 0 {
		opts.ProofTimeout = 10 * time.Second
	}
	r := &Router{engine: engine, opts: opts, asks: &sync.Mutex{}}
	r.mode, r.wrong = opts.Settings.Build()
	return r
}

var _ model.Router = (*Router)(nil)

// askLimit bounds one question to the engine; a stopped daemon would hold the asker for ever.
const askLimit = 15 * time.Second

func asking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, askLimit)
}

// SweepLabel marks the containers that this package makes, so that a later run can remove what a killed one left.
const SweepLabel = "bluegate.sweep"
