package compose

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"bluegate/compose/engine"
	"bluegate/compose/load"
	"bluegate/deploy/model"
)

// coming is what Compose would start for a colour: its services, and those that they depend on and that do not run.
type coming struct {
	model.Model
	project *types.Project
	there   map[string]int // how many containers each service of the whole project has
}

// Require implements model.Stack. Compose would find each of these errors one by one, with half of the release started.
func (s *Stack) Require(ctx context.Context, m model.Model) error {
	project, there, err := s.selectedProject(ctx, m)
	if err != nil {
		return s.engine.Unreachable(err)
	}
	var reasons []model.Reason
	for _, check := range []func(context.Context, coming) ([]model.Reason, error){s.externalNetworks, s.externalVolumes, s.takenNames, s.startedTwice, s.volumesAsDeclared, s.networksAsDeclared, s.startedBesides} {
		found, err := check(ctx, coming{m, project, there})
		if err != nil {
			return s.engine.Unreachable(err)
		}
		reasons = append(reasons, found...)
	}
	if len(reasons) == 0 {
		return nil
	}
	return &model.RefusedError{Reasons: reasons}
}

// startedBesides refuses what Compose would start next to a copy of a colour: its image would be the one that the file
// names by now.
func (s *Stack) startedBesides(_ context.Context, m coming) (reasons []model.Reason, err error) {
	if !slices.ContainsFunc(m.Services, func(own model.Service) bool { return own.Pinned }) {
		return nil, nil
	}
	for _, name := range m.project.ServiceNames() {
		if _, own := m.Service(name); !own {
			reasons = append(reasons, model.Reason{Code: model.CannotCopy, Service: name, Message: fmt.Sprintf(
				"%s, on which the colour depends, does not run, or is not healthy, or has not completed: a copy would start it from what the Compose file names; start it first", name)})
		}
	}
	return reasons, nil
}

// externalNetworks refuses external networks that do not exist.
func (s *Stack) externalNetworks(ctx context.Context, m coming) ([]model.Reason, error) {
	used := []external{}
	for _, name := range m.project.ServiceNames() {
		for key := range m.project.Services[name].Networks {
			if n := m.project.Networks[key]; bool(n.External) {
				used = append(used, external{name, "networks." + key, n.Name})
			}
		}
	}
	return missing(ctx, m.Model, "network", "docker network create ", used, func(ctx context.Context, name string) error {
		_, err := s.engine.NetworkInspect(ctx, name, network.InspectOptions{})
		return err
	})
}

// externalVolumes refuses external volumes that do not exist.
func (s *Stack) externalVolumes(ctx context.Context, m coming) ([]model.Reason, error) {
	used := []external{}
	for _, name := range m.project.ServiceNames() {
		for _, mount := range m.project.Services[name].Volumes {
			if v, named := m.project.Volumes[mount.Source]; named && bool(v.External) {
				used = append(used, external{name, "volumes." + mount.Source, v.Name})
			}
		}
	}
	return missing(ctx, m.Model, "volume", "docker volume create ", used, func(ctx context.Context, name string) error {
		_, err := s.engine.VolumeInspect(ctx, name)
		return err
	})
}

// external is a network or a volume that a service uses and Compose does not create.
type external struct{ service, path, name string }

// missing returns a reason for each of the external objects that does not exist.
func missing(ctx context.Context, m model.Model, kind, create string, used []external, inspect func(context.Context, string) error) (reasons []model.Reason, err error) {
	inspected := map[string]bool{}
	for _, e := range used {
		if inspected[e.name] {
			continue
		}
		inspected[e.name] = true
		absent, err := isAbsent(ctx, func(ctx context.Context) error { return inspect(ctx, e.name) })
		if err != nil {
			return nil, fmt.Errorf("inspect %s %s: %w", kind, e.name, err)
		}
		if absent {
			reasons = append(reasons, model.Reason{Code: model.CreateFailed, Service: e.service, Message: fmt.Sprintf(
				"external %s %s (%s) does not exist; create it: %s", kind, e.name, load.Locate(m.Files).Where(e.path), create+e.name)})
		}
	}
	return reasons, nil
}

// takenNames returns a reason for each container name that a container of someone else has.
func (s *Stack) takenNames(ctx context.Context, m coming) (reasons []model.Reason, err error) {
	for _, name := range m.project.ServiceNames() {
		service, own := m.Service(name)
		if !own {
			service = model.Service{Name: name, ContainerName: m.project.Services[name].ContainerName, Place: load.Locate(m.Files).Where("services." + name)}
		}
		if service.ContainerName == "" {
			continue
		}
		var info container.InspectResponse
		missing, err := isAbsent(ctx, func(ctx context.Context) (err error) {
			info, err = s.engine.ContainerInspect(ctx, service.ContainerName)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("inspect container %s: %w", service.ContainerName, err)
		}
		if missing {
			continue
		}
		has := ownerOf(info)
		if has.project == m.ComposeProject && has.service == service.Name {
			continue
		}
		reasons = append(reasons, model.Reason{Code: model.CreateFailed, Service: service.Name, Container: service.ContainerName, Message: fmt.Sprintf(
			"container name %s is in use (%s), so %s (%s) cannot have it; %s",
			service.ContainerName, has, service.Name, cmp.Or(service.Place, "its Compose file"), has.remedy(m.Colour, service))})
	}
	return reasons, nil
}

// owner is what created a container, according to its labels.
type owner struct {
	project, service, folder string
	running                  bool
}

func ownerOf(info container.InspectResponse) (o owner) {
	if info.Config != nil {
		o.project, o.service, o.folder = info.Config.Labels[api.ProjectLabel], info.Config.Labels[api.ServiceLabel], info.Config.Labels[api.WorkingDirLabel]
	}
	o.running = info.ContainerJSONBase != nil && info.State != nil && info.State.Running
	return o
}

func (o owner) String() string {
	state := "it does not run"
	if o.running {
		state = "it runs"
	}
	switch {
	case o.project == "":
		return state + "; created by docker run or another tool"
	case o.folder == "":
		return fmt.Sprintf("%s; service %s of the Compose project %s", state, o.service, o.project)
	}
	return fmt.Sprintf("%s; service %s of the Compose project %s, in %s", state, o.service, o.project, o.folder)
}

// remedy says how to resolve the conflict. It never removes anything: the container may serve users, or a rollback may
// need it. In the usual case the colour was started under another project name.
func (o owner) remedy(colour model.Colour, service model.Service) string {
	if o.project != "" && o.service == service.Name {
		return fmt.Sprintf("if it belongs to %s and was started under that project name, set in bluegate.yml: compose: {project: %q}; otherwise change container_name", colour, strings.ReplaceAll(o.project, string(colour), "{colour}"))
	}
	if !o.running && o.project == "" {
		return fmt.Sprintf("change container_name, or rename the other container (docker rename %[1]s %[1]s-before)", service.ContainerName)
	}
	return "change container_name"
}

// isAbsent tells an object that does not exist from a request that failed.
func isAbsent(ctx context.Context, ask func(context.Context) error) (bool, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	err := ask(ctx)
	if errdefs.IsNotFound(err) {
		return true, nil
	}
	return false, err
}
