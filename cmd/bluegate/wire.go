package main

import (
	"context"
	"fmt"
	"os"
	"regexp"

	"bluegate/cmd/bluegate/config"
	"bluegate/compose"
	"bluegate/compose/state"
	"bluegate/compose/swarm"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/nginx"
)

// projectName matches the names that Docker allows for containers: lock and journal are named after the project.
var projectName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,62}$`)

// store keeps lock, journal and history.
type store interface {
	model.StateStore
	model.HistoryStore
}

// access is how commands reach into the containers of the colours.
type access interface {
	Exec(ctx context.Context, c model.Container, argv []string) (output []byte, code int, err error)
	StartSidecar(ctx context.Context, c model.Container, executable func(architecture string) ([]byte, []string, error)) (*compose.Sidecar, error)
	Logs(ctx context.Context, id string, o compose.LogOptions, each func(compose.LogLine) error) error
	Restart(ctx context.Context, c model.Container) error
	Events(ctx context.Context, app model.Application) <-chan compose.Event
}

// adapters are what runs the colours, and where their state is kept: Compose on one engine, or a Swarm.
type adapters struct {
	engine  *compose.Connection
	files   *compose.Stack // reads the Compose files
	stack   model.Stack
	images  model.ImageStore
	archive model.Archive
	names   model.NameHolder
	access  access
	store   store
	lost    func(context.Context, model.Container) (string, error) // nil: a container's id tells
}

// open connects to the engine, and to Compose or to the Swarm.
func open(ctx context.Context, o config.Options) (adapters, error) {
	if o.Compose.Name != "" && !projectName.MatchString(o.Compose.Name) {
		return adapters{}, model.Invalid("invalid project name %q: use lower-case letters, digits, -, _ and ., start with a letter or a digit, and use at most 63 characters", o.Compose.Name)
	}
	engine, err := compose.Connect(ctx, o.Host, o.Context, o.Docker...)
	if err != nil {
		return adapters{}, err
	}
	engine.Waiter, engine.Looks = readWaiter, o.Nginx.Unlocked
	files, err := compose.New(engine, o.Compose)
	if err != nil {
		return adapters{}, err
	}
	if o.Swarm {
		stack := swarm.New(engine, files, o.Compose)
		return adapters{engine, files, stack, stack, stack, stack, stack, state.NewSwarm(engine.Engine), stack.Lost}, nil
	}
	return adapters{engine, files, files, files, files, files, files, state.New(engine.Engine), nil}, nil
}

// connect connects to the engine and wires the adapters to the deployer.
func connect(ctx context.Context, o config.Options, progress model.Progress) (*deploy.Deployer, error) {
	to, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this executable: %w", err)
	}
	o.Nginx.Overlay = []string{self, overlayMode}
	o.Nginx.Skew, o.Nginx.Local, o.Nginx.Helper = to.engine.Skew, to.engine.Local(), readAgent
	o.Nginx.Until, o.Nginx.Lost = to.engine.Leases.Until, to.lost
	router, local := nginx.New(to.engine.Client, o.Nginx), execLocal{o.Compose.Dir, o.Mask}
	return &deploy.Deployer{
		Stack: to.stack, Images: to.images, Archive: to.archive, Names: to.names, Router: router, Store: to.store, History: maskedHistory{to.store, o.Mask}, Progress: progress, Settings: o.Settings, Self: state.Self,
		Checks: &checkRunner{access: to.access, router: router, local: local, sidecars: map[string]*sidecar{}}, Hooks: local, Remote: !to.engine.Local(),
	}, nil
}
