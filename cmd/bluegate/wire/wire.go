// Package wire connects the adapters (Compose, nginx, state) with what deploys: it finds the engine and the executable that
// runs next to containers. Only here, and in the packages above, all of them are known.
package wire

import (
	"context"
	"fmt"
	"os"
	"regexp"

	"bluegate/cmd/bluegate/config"
	"bluegate/compose"
	"bluegate/compose/connect"
	"bluegate/compose/state"
	"bluegate/compose/swarm"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/nginx"
)

// projectName matches the names that Docker allows for containers: lock and journal are named after the project.
var projectName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,62}$`)

// Store keeps lock, journal and history.
type Store interface {
	model.StateStore
	model.HistoryStore
}

// Access is how commands reach into the containers of the colours.
type Access interface {
	Exec(ctx context.Context, c model.Container, argv []string) (output []byte, code int, err error)
	StartSidecar(ctx context.Context, c model.Container, executable func(architecture string) ([]byte, []string, error)) (*compose.Sidecar, error)
	Logs(ctx context.Context, id string, o compose.LogOptions, each func(compose.LogLine) error) error
	Restart(ctx context.Context, c model.Container) error
	Events(ctx context.Context, app model.Application) <-chan compose.Event
}

// Adapters are what runs the colours, and where their state is kept: Compose on one engine, or a Swarm.
type Adapters struct {
	Engine  *connect.Connection
	Files   *compose.Stack // reads the Compose files
	Stack   model.Stack
	Images  model.ImageStore
	Archive model.Archive
	Names   model.NameHolder
	Access  Access
	Store   Store
	Nodes   model.Nodes                                            // nil: there is one engine
	lost    func(context.Context, model.Container) (string, error) // nil: a container's id tells
}

// Open connects to the engine, and to Compose or to the Swarm.
func Open(ctx context.Context, o config.Options) (Adapters, error) {
	if o.Compose.Name != "" && !projectName.MatchString(o.Compose.Name) {
		return Adapters{}, model.Invalid("invalid project name %q: use lower-case letters, digits, -, _ and ., start with a letter or a digit, and use at most 63 characters", o.Compose.Name)
	}
	engine, err := connect.To(ctx, o.Host, o.Context, o.Docker...)
	if err != nil {
		return Adapters{}, err
	}
	engine.Waiter, engine.Looks = readWaiter, o.Nginx.Unlocked
	files, err := compose.New(engine, o.Compose)
	if err != nil {
		return Adapters{}, err
	}
	if o.Swarm {
		stack := swarm.New(engine, files, o.Compose)
		return Adapters{engine, files, stack, stack, stack, stack, stack, state.NewSwarm(engine.Engine), stack, stack.Lost}, nil
	}
	return Adapters{engine, files, files, files, files, files.Names(), files, state.New(engine.Engine), nil, nil}, nil
}

// Connect connects to the engine and wires the adapters to the deployer.
func Connect(ctx context.Context, o config.Options, progress model.Progress) (*deploy.Deployer, error) {
	to, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this executable: %w", err)
	}
	o.Nginx.Overlay = []string{self, OverlayMode}
	o.Nginx.Skew, o.Nginx.Local, o.Nginx.Helper = to.Engine.Skew, to.Engine.Local(), func(ctx context.Context) ([]byte, []string, error) {
		architecture, err := to.Engine.Architecture(ctx)
		if err != nil {
			return nil, nil, err
		}
		return readAgent(architecture)
	}
	o.Nginx.Until, o.Nginx.Lost = to.Engine.Leases.Until, to.lost
	router, local := nginx.New(to.Engine.Client, o.Nginx), execLocal{o.Compose.Dir, o.Mask}
	return &deploy.Deployer{
		Stack: to.Stack, Images: to.Images, Archive: to.Archive, Names: to.Names, Nodes: to.Nodes, Router: router, Requests: router, Store: to.Store, History: maskedHistory{to.Store, o.Mask}, Progress: progress, Settings: o.Settings, Self: state.Self,
		Checks: &checkRunner{access: to.Access, router: router, local: local, sidecars: map[string]*sidecar{}}, Hooks: local, Remote: !to.Engine.Local(),
	}, nil
}

// Alone returns what asks checks from this process. It needs no engine.
func Alone(o config.Options) model.CheckRunner {
	return &checkRunner{local: execLocal{o.Compose.Dir, o.Mask}}
}
