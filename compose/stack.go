// Package compose is the adapter to Compose: it pulls, starts, watches, stops and prunes the containers of the colours.
//
// Compose's library is used only to converge (load, pull, create, start). Package gate decides on readiness, from what
// this package reports.
package compose

import (
	"context"
	"fmt"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/cli/cli/command"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/compose/v5/pkg/compose"

	"bluegate/compose/connect"
	"bluegate/compose/engine"
	"bluegate/compose/load"
	"bluegate/compose/names"
	"bluegate/deploy/model"
)

// Stack implements model.Stack, model.ImageStore and model.Archive.
type Stack struct {
	engine   *engine.Engine
	cli      command.Cli
	service  api.Compose
	activity *activity // of service
	opts     load.Options
	projects map[model.Colour]*types.Project
	name     string // of the application, once it was loaded
}

// New returns a Stack. It sends no request and reads no file.
func New(c *connect.Connection, opts load.Options) (*Stack, error) {
	heard := &activity{}
	service, err := compose.NewComposeService(c.CLI, compose.WithPrompt(answerNo), compose.WithEventProcessor(heard))
	if err != nil {
		return nil, fmt.Errorf("set up Compose: %w", err)
	}
	return &Stack{engine: c.Engine, cli: c.CLI, service: service, activity: heard, opts: opts, projects: map[model.Colour]*types.Project{}}, nil
}

// Names returns what keeps the host names of the colours resolvable.
func (s *Stack) Names() *names.Holder {
	return &names.Holder{Engine: s.engine, Projects: func() map[model.Colour]*types.Project { return s.projects }}
}

// OneSet reads the files as one set of services, without colours.
func (s *Stack) OneSet(ctx context.Context) (load.OneSet, error) {
	return load.Loader{Options: s.opts, Compose: s.service}.OneSet(ctx)
}

// Load implements model.Stack.
func (s *Stack) Load(ctx context.Context) (model.Application, error) {
	loaded, err := s.LoadFiles(ctx)
	return loaded.Application, err
}

// LoadFiles is Load, and also returns the files in Compose's form.
func (s *Stack) LoadFiles(ctx context.Context) (load.Loaded, error) {
	loaded, err := load.Loader{Options: s.opts, Compose: s.service}.Load(ctx)
	if err == nil {
		s.projects, s.name = loaded.Projects, loaded.Application.Project
	}
	return loaded, err
}
