// Package swarm is the adapter to Docker Swarm: each colour is a stack, and a release is the services of that stack. What
// package deploy calls a container is the task of a slot here, or the empty slot of a service that has no replicas.
package swarm

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"bluegate/compose"
	"bluegate/compose/connect"
	"bluegate/compose/engine"
	"bluegate/compose/load"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// Stack implements model.Stack, model.ImageStore, model.Archive and model.NameHolder. Images are those of the manager's
// engine: what it pulled fixes the digest that every node runs.
type Stack struct {
	model.ImageStore
	model.NameHolder

	engine *engine.Engine
	conn   *connect.Connection
	files  *compose.Stack // reads the Compose files, and reaches this engine's own containers
	opts   load.Options
	name   string                   // of the application, once it was loaded
	names  map[model.Colour]string  // of the stacks
	stacks map[model.Colour]*config // what is deployed; nil: the command starts no release
	nodes  nodes
	memory memory
}

// New returns a Stack. It sends no request and reads no file. files reads the same Compose files.
func New(conn *connect.Connection, files *compose.Stack, opts load.Options) *Stack {
	return &Stack{
		ImageStore: files, NameHolder: files.Names(), engine: conn.Engine, conn: conn, files: files, opts: opts,
		nodes: nodes{engine: conn.Engine}, memory: memory{skew: conn.Skew, slots: map[string]map[string]*remembered{}},
	}
}

// Load implements model.Stack. The files are read twice: by Compose's rules for names, secrets and places, and by those of
// docker stack deploy for what is deployed.
func (s *Stack) Load(ctx context.Context) (model.Application, error) {
	if _, err := s.engine.Manager(ctx); err != nil {
		return model.Application{}, err
	}
	loaded, err := s.files.LoadFiles(ctx)
	app := loaded.Application
	if err != nil {
		return app, err
	}
	if app.Hosts, err = s.nodes.addresses(ctx); err != nil {
		return app, err
	}
	s.name, s.names, s.stacks = app.Project, map[model.Colour]string{}, map[model.Colour]*config{}
	for _, colour := range model.Colours {
		project := loaded.Projects[colour]
		m, err := s.asStack(ctx, app.Models[colour], project)
		if err != nil {
			return app, err
		}
		if app.Models[colour], s.names[colour] = m, m.ComposeProject; s.opts.OnlyWhatRuns {
			continue
		}
		c, err := readConfig(m, project)
		if err != nil {
			return app, err
		}
		s.stacks[colour] = c
		for _, f := range c.findings {
			app.Findings = withFinding(app.Findings, f)
		}
	}
	return app, nil
}

// withFinding adds a finding, once: both colours usually have the same files.
func withFinding(all []model.Finding, f model.Finding) []model.Finding {
	for _, known := range all {
		if known == f {
			return all
		}
	}
	return append(all, f)
}

// asStack is a model as the Swarm runs it: its names, how many tasks there are, and what is started before what.
func (s *Stack) asStack(ctx context.Context, m model.Model, project *types.Project) (model.Model, error) {
	m.Services = slices.Clone(m.Services)
	for i, service := range m.Services {
		service.Also = append([]string{service.Name, "tasks." + service.Name}, slices.Concat(service.Also, service.Hosts)...)
		service.Hosts = hostsOf(m.ComposeProject, service)
		service.ContainerName, service.StopSlack = "", stopSlack
		if deploy := project.Services[service.Name].Deploy; deploy != nil {
			service.OneShot = service.OneShot || strings.HasSuffix(deploy.Mode, "-job")
			if strings.HasPrefix(deploy.Mode, "global") {
				n, err := s.nodes.eligible(ctx, deploy.Placement.Constraints)
				if err != nil {
					return m, err
				}
				service.Replicas = n
			}
		}
		m.Services[i] = service
	}
	for i := range m.Services {
		m.Services[i].After = oneShotsBefore(m, m.Services[i])
	}
	return m, nil
}

// oneShotsBefore is what a service waits for: the Swarm knows no order, and Up runs the one-shots first.
func oneShotsBefore(m model.Model, s model.Service) (after []gate.Dependency) {
	for _, other := range m.Services {
		if other.OneShot && !s.OneShot {
			after = append(after, gate.Dependency{Service: other.Name, Condition: gate.Completed})
		}
	}
	return after
}

// stopSlack is what the Swarm may take to stop a task besides the process: it tells the node, and the node tells it.
const stopSlack = 15 * time.Second

// hostsOf are the names of a service that only this stack has: those of the service, and those of its tasks. In the stack
// file's own names (the service's key and its aliases) the colours do not differ, except where the file makes them so.
func hostsOf(stack string, s model.Service) []string {
	return []string{stack + "_" + s.Name, "tasks." + stack + "_" + s.Name}
}

// ask asks the Swarm one question, within its limit.
func ask[T any](ctx context.Context, s *Stack, what string, question func(context.Context) (T, error)) (T, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	answer, err := question(ctx)
	if err != nil {
		err = s.engine.SwarmUnreachable(fmt.Errorf("%s: %w", what, err))
	}
	return answer, err
}

// services lists the services of a stack, by their labels.
func (s *Stack) services(ctx context.Context, stack string) ([]swarm.Service, error) {
	return ask(ctx, s, "list the services of stack "+stack, func(ctx context.Context) ([]swarm.Service, error) {
		return s.engine.ServiceList(ctx, swarm.ServiceListOptions{Filters: ofStack(stack)})
	})
}

// tasks lists the tasks of a stack, those too that have ended and that the Swarm still remembers.
func (s *Stack) tasks(ctx context.Context, stack string) ([]swarm.Task, error) {
	return ask(ctx, s, "list the tasks of stack "+stack, func(ctx context.Context) ([]swarm.Task, error) {
		return s.engine.TaskList(ctx, swarm.TaskListOptions{Filters: ofStack(stack)})
	})
}

func ofStack(stack string) filters.Args {
	return filters.NewArgs(filters.Arg("label", stackLabel+"="+stack))
}

// poll is the pause between two looks at what the Swarm does by itself.
const poll = 500 * time.Millisecond

// wait asks again and again until done is true.
func wait(ctx context.Context, done func(context.Context) (bool, error)) error {
	for {
		ok, err := done(ctx)
		if ok || err != nil {
			return err
		}
		if err := model.Sleep(ctx, poll); err != nil {
			return err
		}
	}
}
