package e2e

import (
	"context"
	"io"
	"strings"
	"sync"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/flags"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/compose/v5/pkg/compose"
	"github.com/sirupsen/logrus"
)

// settingUp guards what docker/cli keeps in globals.
var settingUp sync.Mutex

func dockerCLI() (command.Cli, error) {
	settingUp.Lock()
	defer settingUp.Unlock()
	logrus.SetOutput(io.Discard) // Compose warns through its global logger
	docker, err := command.NewDockerCli(command.WithCombinedStreams(io.Discard), command.WithInputStream(io.NopCloser(strings.NewReader(""))))
	if err != nil {
		return nil, err
	}
	return docker, docker.Initialize(flags.NewClientOptions())
}

// composeUp is `docker compose -p NAME -f FILE… up -d SERVICE…`, by Compose's own code: the plugin is not everywhere.
func composeUp(ctx context.Context, name string, files, envFiles, services, env []string) error {
	docker, err := dockerCLI()
	if err != nil {
		return err
	}
	service, err := compose.NewComposeService(docker, compose.WithPrompt(compose.AlwaysOkPrompt()))
	if err != nil {
		return err
	}
	project, err := service.LoadProject(ctx, api.ProjectLoadOptions{ProjectName: name, ConfigPaths: files, EnvFiles: envFiles, ProjectOptionsFns: []cli.ProjectOptionsFn{cli.WithEnv(env)}})
	if err != nil {
		return err
	}
	if len(services) > 0 {
		if project, err = project.WithSelectedServices(services); err != nil {
			return err
		}
	}
	build := &api.BuildOptions{Services: services}
	if err := service.Up(ctx, project, api.UpOptions{
		Create: api.CreateOptions{Build: build, Services: services, IgnoreOrphans: true, QuietPull: true},
		Start:  api.StartOptions{Project: project, Services: services},
	}); err != nil {
		return err
	}
	return ctx.Err()
}
