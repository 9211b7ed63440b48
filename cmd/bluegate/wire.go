package main

import (
	"context"
	"fmt"
	"os"
	"regexp"

	"bluegate/cmd/bluegate/config"
	"bluegate/compose"
	"bluegate/compose/state"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/nginx"
)

// projectName matches the names that Docker allows for containers: lock and journal are named after the project.
var projectName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,62}$`)

// open connects to the engine, and to Compose.
func open(ctx context.Context, o config.Options) (*compose.Connection, *compose.Stack, error) {
	if o.Compose.Name != "" && !projectName.MatchString(o.Compose.Name) {
		return nil, nil, model.Invalid("invalid project name %q: use lower-case letters, digits, -, _ and ., start with a letter or a digit, and use at most 63 characters", o.Compose.Name)
	}
	engine, err := compose.Connect(ctx, o.Host, o.Context, o.Docker...)
	if err != nil {
		return nil, nil, err
	}
	engine.Waiter, engine.Looks = readWaiter, o.Nginx.Unlocked
	stack, err := compose.New(engine, o.Compose)
	return engine, stack, err
}

// connect connects to the engine and wires the adapters to the deployer.
func connect(ctx context.Context, o config.Options, progress model.Progress) (*deploy.Deployer, error) {
	engine, stack, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this executable: %w", err)
	}
	o.Nginx.Overlay = []string{self, overlayMode}
	o.Nginx.Skew, o.Nginx.Local, o.Nginx.Helper = engine.Skew, engine.Local(), readAgent
	o.Nginx.Until = engine.Leases.Until
	store := state.New(engine.Engine)
	router, local := nginx.New(engine.Client, o.Nginx), execLocal{o.Compose.Dir, o.Mask}
	return &deploy.Deployer{
		Stack: stack, Images: stack, Archive: stack, Names: stack, Router: router, Store: store, History: maskedHistory{store, o.Mask}, Progress: progress, Settings: o.Settings, Self: state.Self,
		Checks: &checkRunner{stack: stack, router: router, local: local, sidecars: map[string]*sidecar{}}, Hooks: local, Remote: !engine.Local(),
	}, nil
}
