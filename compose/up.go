package compose

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"bluegate/compose/engine"
	"bluegate/compose/load"
	"bluegate/deploy/model"
)

// Up implements model.Stack.
func (s *Stack) Up(ctx context.Context, m model.Model, release string, created func(context.Context) error) error {
	project, there, err := s.selectedProject(ctx, m)
	if err != nil {
		return err
	}
	own := serviceNames(m)
	project, err = project.WithServicesTransform(func(name string, c types.ServiceConfig) (types.ServiceConfig, error) {
		// Images were pulled before. Neither field is part of the hash that Compose compares.
		c.PullPolicy = types.PullPolicyMissing
		if slices.Contains(own, name) {
			labels := types.Labels{}
			for k, v := range c.CustomLabels {
				labels[k] = v
			}
			labels[engine.ReleaseLabel], labels[engine.ColourLabel], labels[engine.ApplicationLabel] = release, string(m.Colour), s.name
			labels[engine.InjectedLabel] = inlinePathsLabel(project, name)
			c.CustomLabels = labels
			if own, _ := m.Service(name); own.Pinned {
				c.Image, c.Build = own.Image, nil
			}
			return s.setStartInterval(c), nil
		}
		return keepScale(c, there[name]), nil
	})
	if err != nil {
		return fmt.Errorf("prepare project %s: %w", m.ComposeProject, err)
	}
	// The engine completes a creation even if its caller is gone. So a creation is not cancelled: when Up returns, all that
	// it creates exists. Only an engine that does not respond at all is not waited for.
	creating, cancel := context.WithTimeout(context.WithoutCancel(ctx), createLimit)
	defer cancel()
	creating, stop := s.engine.Watched(creating)
	defer stop()
	if err := s.engine.Leases.Ask(); err != nil { // Compose has a client of its own
		return err
	}
	err = engine.SilenceError(creating, s.service.Create(creating, project, api.CreateOptions{
		Services: own, IgnoreOrphans: true, Recreate: api.RecreateForce, RecreateDependencies: api.RecreateNever, QuietPull: true,
	}))
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = created(ctx)
	}
	if err == nil {
		err = s.start(ctx, project)
	}
	return s.engine.Unreachable(err)
}

func (s *Stack) start(ctx context.Context, project *types.Project) error {
	starting, stop := s.engine.Watched(ctx)
	defer stop()
	if err := s.engine.Leases.Ask(); err != nil {
		return err
	}
	err := engine.SilenceError(starting, s.service.Start(starting, project.Name, api.StartOptions{Project: project}))
	err = hookError(err)
	if err == nil {
		err = engine.SilenceError(starting, starting.Err()) // Start returns nil when its wait for a dependency is cancelled
	}
	return err
}

// createLimit limits the creation of a release's containers. Their images exist already.
const createLimit = 5 * time.Minute

// selectedProject reduces the project to the colour's services and those of their dependencies that do not run, with
// their networks and volumes, and returns how many containers each service has. What already runs, or has completed, is
// left alone: Compose would run a completed one-shot again at each Up. A dependency that runs, is not healthy and is
// awaited to be stays in, so that Compose waits for it.
func (s *Stack) selectedProject(ctx context.Context, m model.Model) (*types.Project, map[string]int, error) {
	whole := s.projects[m.Colour]
	wanted := serviceNames(m)
	busy, there, err := s.servicesThatRan(ctx, whole)
	if err != nil {
		return nil, nil, err
	}
	for i := 0; i < len(wanted); i++ {
		for _, dep := range whole.Services[wanted[i]].GetDependencies() {
			if !slices.Contains(wanted, dep) && !busy[dep] {
				wanted = append(wanted, dep)
			}
		}
	}
	project, err := whole.WithSelectedServices(wanted, types.IgnoreDependencies)
	if err != nil {
		return nil, nil, fmt.Errorf("select %v of project %s: %w", wanted, m.ComposeProject, err)
	}
	return project.WithoutUnnecessaryResources(), there, nil
}

// servicesThatRan returns the services of which nothing is awaited any more, with a running container or a one-shot that
// succeeded, and how many containers each service has.
func (s *Stack) servicesThatRan(ctx context.Context, p *types.Project) (busy map[string]bool, there map[string]int, err error) {
	rows, err := s.engine.Rows(ctx, "of project "+p.Name, filters.NewArgs(filters.Arg("label", api.ProjectLabel+"="+p.Name)))
	if err != nil {
		return nil, nil, err
	}
	busy, there = map[string]bool{}, map[string]int{}
	unhealthy := map[string]bool{}
	for _, row := range rows {
		if strings.EqualFold(row.Labels[api.OneoffLabel], "true") || isHook(row.Labels) || engine.IsOwn(row.Labels) { // of docker compose run; of pre_start; ours
			continue
		}
		service := row.Labels[api.ServiceLabel]
		there[service]++
		if row.State == container.StateRunning && load.AwaitedToBeHealthy(p, service) && notHealthy(row.Status) {
			unhealthy[service] = true
		}
		if row.State == container.StateRunning || exitedZero(row.Status) && load.AwaitedToComplete(p, service) {
			busy[service] = true
		}
	}
	for service := range unhealthy {
		delete(busy, service)
	}
	return busy, there, nil
}

// notHealthy reads the health of a running container from the engine's words for its state: "Up 2 seconds (health: starting)".
func notHealthy(status string) bool {
	return strings.HasSuffix(status, "(health: starting)") || strings.HasSuffix(status, "(unhealthy)")
}

func exitedZero(status string) bool {
	var code int
	_, err := fmt.Sscanf(status, "Exited (%d)", &code)
	return err == nil && code == 0
}

func serviceNames(m model.Model) []string {
	out := make([]string, len(m.Services))
	for i, s := range m.Services {
		out[i] = s.Name
	}
	return out
}
