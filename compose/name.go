package compose

import (
	"context"
	"fmt"

	"github.com/docker/compose/v5/pkg/compose"

	"bluegate/compose/connect"
	"bluegate/compose/load"
)

// ApplicationName reads the name of the application from the Compose files. It asks no engine.
func ApplicationName(ctx context.Context, host, contextName string, opts load.Options, docker ...string) (string, error) {
	if opts.Name != "" {
		return opts.Name, nil
	}
	cli, err := connect.CLI(ctx, host, contextName, docker)
	if err != nil {
		return "", err
	}
	service, err := compose.NewComposeService(cli)
	if err != nil {
		return "", fmt.Errorf("set up Compose: %w", err)
	}
	loaded, err := load.Loader{Options: opts, Compose: service}.Load(ctx)
	return loaded.Application.Project, err
}
