package swarm

import (
	"context"
	"fmt"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"

	"bluegate/compose/engine"
	"bluegate/compose/load"
	"bluegate/deploy/model"
)

// Require implements model.Stack. The Swarm would say each of these one by one, with half of the release started.
func (s *Stack) Require(ctx context.Context, m model.Model) error {
	c := s.stacks[m.Colour]
	if c == nil {
		return nil
	}
	if slices.ContainsFunc(m.Services, func(own model.Service) bool { return own.Pinned }) {
		return model.Refuse(model.CannotCopy, "a copy of a colour is started from the ids of its images, and on a Swarm these belong to one node")
	}
	var reasons []model.Reason
	file, content, err := c.contents(origin{s.name, "", m.Colour})
	if err != nil {
		return model.Invalid("%s: %w", filesOf(m), err)
	}
	for _, check := range []func(context.Context, model.Model, *config) ([]model.Reason, error){s.externalNetworks, s.foreignServices} {
		found, err := check(ctx, m, c)
		if err != nil {
			return err
		}
		reasons = append(reasons, found...)
	}
	if err := s.learn(ctx, &content); err != nil {
		return err
	}
	for name := range content.secrets { // what is to be created is as good as there
		content.known.secrets[name] = "-"
	}
	for name := range content.configs {
		content.known.configs[name] = "-"
	}
	if _, err := c.specs(file, content.known, origin{s.name, "", m.Colour}, nil); err != nil {
		reasons = append(reasons, model.Reason{Code: model.CreateFailed, Message: fmt.Sprintf("%s cannot be deployed: %v", filesOf(m), err)})
	}
	if len(reasons) > 0 {
		return &model.RefusedError{Reasons: reasons}
	}
	return nil
}

// externalNetworks refuses external networks that do not exist in the Swarm.
func (s *Stack) externalNetworks(ctx context.Context, m model.Model, c *config) (reasons []model.Reason, err error) {
	_, external := c.networks(*c.Config)
	slices.Sort(external)
	for _, name := range external {
		if name == "host" || name == "bridge" || name == "none" {
			continue
		}
		info, err := s.inspectNetwork(ctx, name)
		if err != nil && !errdefs.IsNotFound(err) {
			return nil, s.engine.SwarmUnreachable(fmt.Errorf("inspect network %s: %w", name, err))
		}
		what := ""
		switch {
		case err != nil:
			what = "does not exist"
		case info.Scope != "swarm":
			what = fmt.Sprintf("exists on this engine alone (its scope is %s, its driver %s)", info.Scope, info.Driver)
		default:
			continue
		}
		reasons = append(reasons, model.Reason{Code: model.CreateFailed, Message: fmt.Sprintf(
			"external network %s (%s) %s; create it for the Swarm: docker network create --driver overlay --attachable %[1]s", name, load.Locate(m.Files).Where("networks"), what)})
	}
	return reasons, nil
}

func (s *Stack) inspectNetwork(ctx context.Context, name string) (network.Inspect, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	return s.engine.NetworkInspect(ctx, name, network.InspectOptions{})
}

// foreignServices refuses names of services that another application's service has.
func (s *Stack) foreignServices(ctx context.Context, m model.Model, _ *config) (reasons []model.Reason, err error) {
	services, err := s.services(ctx, m.ComposeProject)
	if err != nil {
		return nil, err
	}
	for _, service := range services {
		_, named := m.Service(shortName(service.Spec))
		other := service.Spec.Labels[engine.ApplicationLabel]
		if named && other != "" && other != s.name {
			reasons = append(reasons, model.Reason{Code: model.CreateFailed, Service: shortName(service.Spec), Message: fmt.Sprintf(
				"service %s is of the application %s, which has the same stack; give this one a project of its own", service.Spec.Name, other)})
		}
	}
	return reasons, nil
}
