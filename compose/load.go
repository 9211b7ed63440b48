// Package compose is the adapter to Compose: it loads the colours' files, pulls, starts, watches, stops and prunes their
// containers.
//
// Compose itself is used only to converge (load, pull, create, start); readiness is decided by package gate from what
// this package reports.
package compose

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/cli/cli/command"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/compose/v5/pkg/compose"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// Options say where the colours' files are. The zero value means the conventions.
type Options struct {
	Dir      string   // the project directory
	Files    []string // with {colour}; empty: by convention
	Project  string   // the Compose project, with {colour}; empty: what Compose itself would use
	Services []string // with {colour}; empty: by convention
	OneShot  []string // services that pass by exit 0
	Name     string   // names lock, journal and history; empty: the Compose project, without the colour
	Env      map[model.Colour]map[string]string
	// Keys are what {key} stands for in Files, Project and Services, besides {colour}.
	Keys map[model.Colour]map[string]string
	// StartInterval is how often a healthcheck is asked during its start_period; zero leaves it as it is.
	StartInterval time.Duration
	// OnlyWhatRuns is for commands that start no release of the files: variables that only the images depend on may be
	// unset.
	OnlyWhatRuns bool
	// Learn is told every name and value that may be a secret, so that it appears in no output. It may be nil.
	Learn func(name, value string)
}

// Stack implements model.Stack.
type Stack struct {
	engine   *engine.Engine
	cli      command.Cli
	service  api.Compose
	activity *activity // of service
	opts     Options
	projects map[model.Colour]*types.Project
	name     string // of the application, once it was loaded
}

// New makes a Stack. Nothing is asked or read yet.
func New(c *Connection, opts Options) (*Stack, error) {
	heard := &activity{}
	service, err := compose.NewComposeService(c.cli, compose.WithPrompt(refuse), compose.WithEventProcessor(heard))
	if err != nil {
		return nil, fmt.Errorf("set up Compose: %w", err)
	}
	return &Stack{engine: c.Engine, cli: c.cli, service: service, activity: heard, opts: opts, projects: map[model.Colour]*types.Project{}}, nil
}

// Load implements model.Stack.
func (s *Stack) Load(ctx context.Context) (model.Application, error) {
	app, err := s.loadWith(ctx, nil)
	if err != nil {
		if known, ok := s.withoutVariables(ctx, err); ok {
			return known, nil
		}
	}
	return app, err
}

// loadWith reads the files, with values for variables that the environment does not have.
func (s *Stack) loadWith(ctx context.Context, unset map[string]string) (model.Application, error) {
	patterns, err := s.opts.FilesFound()
	if err != nil {
		return model.Application{}, err
	}
	app := model.Application{Models: map[model.Colour]model.Model{}}
	for _, colour := range model.Colours {
		project, err := s.load(ctx, colour, patterns, unset)
		if err != nil {
			return model.Application{}, err
		}
		l := locate(project.ComposeFiles)
		names, err := s.serviceNames(project, l, colour, patterns)
		if err != nil {
			return model.Application{}, err
		}
		s.learn(project)
		s.projects[colour] = project
		own := s.withOneShots(project, colour, names)
		app.Models[colour] = modelOf(project, l, colour, own, s.opts.OneShot)
		app.Findings = append(app.Findings, s.leftOut(project, l, colour, own)...)
		if s.opts.OnlyWhatRuns {
			continue
		}
		if err := checkValues(app.Models[colour], l, func(name string) string { return project.Services[name].Restart }); err != nil {
			return model.Application{}, err
		}
	}
	share(app)
	if app.Project = cmp.Or(s.opts.Name, applicationName(app.Models[model.Blue].ComposeProject)); app.Project == "" {
		return model.Application{}, s.nameless(app.Models[model.Blue].ComposeProject)
	}
	s.name = app.Project
	return app, conflicts(app)
}

// applicationName is a Compose project's name without the colour; empty where it is called after nothing else.
func applicationName(project string) string {
	name := strings.Trim(strings.ReplaceAll(model.ServiceKey(project, model.Blue), "{colour}", ""), "-_.")
	if _, err := model.ParseColour(name); err == nil {
		return ""
	}
	return name
}

// nameless refuses an application that is called after nothing but a colour: every such application on the engine would
// have the same lock and journal.
func (s *Stack) nameless(project string) error {
	return model.Invalid("the Compose project is called %q, after nothing but a colour, so the application has no name for its lock and journal; name it in bluegate.yml: project: %s (older versions called it %q: to go on with a journal of theirs, write project: %s)",
		project, folderName(s.opts.Dir), project, project)
}

// folderName is a folder's name as Compose makes a project's name of it.
func folderName(dir string) string {
	name := loader.NormalizeProjectName(filepath.Base(dir))
	if _, err := model.ParseColour(name); err == nil || name == "" {
		return "NAME"
	}
	return name
}

func (s *Stack) load(ctx context.Context, colour model.Colour, patterns []string, unset map[string]string) (*types.Project, error) {
	opts := api.ProjectLoadOptions{ProjectName: s.opts.expand(s.opts.Project, colour), EnvFiles: envFiles()}
	for _, p := range patterns {
		opts.ConfigPaths = append(opts.ConfigPaths, s.opts.path(p, colour))
	}
	// As with `docker compose -f`, the first file's folder names the project, and relative paths start there.
	opts.WorkingDir = filepath.Dir(opts.ConfigPaths[0])
	var env []string
	for k, v := range unset {
		env = append(env, k+"="+v)
	}
	for k, v := range s.opts.Env[colour] {
		env = append(env, k+"="+v)
	}
	opts.ProjectOptionsFns = []cli.ProjectOptionsFn{cli.WithEnv(env)}
	project, err := s.service.LoadProject(ctx, opts)
	if err == nil {
		if profiles := s.profiles(project, colour); len(profiles) > 0 {
			opts.Profiles = append(profiles, project.Profiles...)
			project, err = s.service.LoadProject(ctx, opts)
		}
	}
	if err != nil {
		return nil, &model.InvalidError{Err: placed(err, opts.ConfigPaths)}
	}
	return project, nil
}
