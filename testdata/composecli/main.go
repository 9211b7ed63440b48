// Command docker-compose is a plugin of the docker command for tests on machines where Compose is not installed. It runs
// the calls of the documents with Compose's own library: up -d [--build] [--no-deps] [--wait] [SERVICE…], exec -T SERVICE
// COMMAND…, stop SERVICE…, down [-v]; -f, -p and --env-file before them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/flags"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/compose/v5/pkg/compose"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "docker compose:", err)
		os.Exit(1)
	}
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string         { return strings.Join(*l, " ") }
func (l *list) Set(value string) error { *l = append(*l, value); return nil }

func run(args []string) error {
	if len(args) > 0 && args[0] == "docker-cli-plugin-metadata" {
		return json.NewEncoder(os.Stdout).Encode(map[string]string{"SchemaVersion": "0.1.0", "Vendor": "bluegate's tests", "Version": "v5.5.1", "ShortDescription": "Compose"})
	}
	if len(args) > 0 && args[0] == "compose" {
		args = args[1:]
	}
	var files, env list
	global := flag.NewFlagSet("docker compose", flag.ContinueOnError)
	global.Var(&files, "f", "")
	global.Var(&env, "env-file", "")
	name := global.String("p", "", "")
	if err := global.Parse(args); err != nil {
		return err
	}
	if global.NArg() == 0 {
		return errors.New("which command?")
	}
	ctx := context.Background()
	docker, err := command.NewDockerCli()
	if err != nil {
		return err
	}
	if err := docker.Initialize(flags.NewClientOptions()); err != nil {
		return err
	}
	service, err := compose.NewComposeService(docker, compose.WithPrompt(compose.AlwaysOkPrompt()))
	if err != nil {
		return err
	}
	project, err := service.LoadProject(ctx, api.ProjectLoadOptions{ProjectName: *name, ConfigPaths: files, EnvFiles: env, ProjectOptionsFns: []cli.ProjectOptionsFn{cli.WithDefaultConfigPath}})
	if err != nil {
		return err
	}
	return call(ctx, service, project, global.Arg(0), global.Args()[1:])
}

func call(ctx context.Context, service api.Compose, project *types.Project, name string, args []string) error {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	detach, build, alone, wait, volumes := f.Bool("d", false, ""), f.Bool("build", false, ""), f.Bool("no-deps", false, ""), f.Bool("wait", false, ""), f.Bool("v", false, "")
	f.Bool("T", false, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	switch name {
	case "up":
		if !*detach {
			return errors.New("up needs -d here")
		}
		return up(ctx, service, project, f.Args(), *build, *alone, *wait)
	case "stop":
		return service.Stop(ctx, project.Name, api.StopOptions{Services: f.Args(), Project: project})
	case "down":
		return service.Down(ctx, project.Name, api.DownOptions{Project: project, RemoveOrphans: true, Volumes: *volumes})
	case "exec":
		if f.NArg() < 2 {
			return errors.New("exec needs a service and a command")
		}
		code, err := service.Exec(ctx, project.Name, api.RunOptions{Service: f.Arg(0), Command: f.Args()[1:], Tty: false, Interactive: false, Index: 0})
		if err == nil && code != 0 {
			err = fmt.Errorf("exit code %d", code)
		}
		return err
	}
	return fmt.Errorf("%s: not known here", name)
}

func up(ctx context.Context, service api.Compose, project *types.Project, services []string, build, alone, wait bool) error {
	var err error
	if len(services) > 0 {
		var options []types.DependencyOption
		if alone {
			options = append(options, types.IgnoreDependencies)
		}
		if project, err = project.WithServicesEnabled(services...); err != nil {
			return err
		}
		if project, err = project.WithSelectedServices(services, options...); err != nil {
			return err
		}
	}
	create := api.CreateOptions{Services: services, IgnoreOrphans: true, QuietPull: true, Build: &api.BuildOptions{Services: services}}
	if !build {
		create.Build = &api.BuildOptions{}
	}
	return service.Up(ctx, project, api.UpOptions{Create: create, Start: api.StartOptions{Project: project, Services: services, Wait: wait}})
}
