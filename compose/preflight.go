package compose

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"bluegate/compose/engine"
	"bluegate/compose/load"
	"bluegate/deploy/model"
)

// Require implements model.Stack. Compose would find each of these errors one by one, with half of the release started.
func (s *Stack) Require(ctx context.Context, m model.Model) error {
	var reasons []model.Reason
	for _, check := range []func(context.Context, model.Model) ([]model.Reason, error){s.externalNetworks, s.externalVolumes, s.takenNames, s.volumesAsDeclared, s.networksAsDeclared} {
		found, err := check(ctx, m)
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

func (s *Stack) externalNetworks(ctx context.Context, m model.Model) (reasons []model.Reason, err error) {
	project := s.projects[m.Colour]
	var asked []string
	for _, service := range m.Services {
		for key := range project.Services[service.Name].Networks {
			n := project.Networks[key]
			if !bool(n.External) || slices.Contains(asked, n.Name) {
				continue
			}
			asked = append(asked, n.Name)
			missing, err := isAbsent(ctx, func(ctx context.Context) error {
				_, err := s.engine.NetworkInspect(ctx, n.Name, network.InspectOptions{})
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("inspect network %s: %w", n.Name, err)
			}
			if missing {
				reasons = append(reasons, model.Reason{Code: model.CreateFailed, Service: service.Name, Message: fmt.Sprintf(
					"external network %s (%s) does not exist; create it: docker network create %s", n.Name, load.Locate(m.Files).Where("networks."+key), n.Name)})
			}
		}
	}
	return reasons, nil
}

func (s *Stack) externalVolumes(ctx context.Context, m model.Model) (reasons []model.Reason, err error) {
	project := s.projects[m.Colour]
	var asked []string
	for _, service := range m.Services {
		for _, mount := range project.Services[service.Name].Volumes {
			v, named := project.Volumes[mount.Source]
			if !named || !bool(v.External) || slices.Contains(asked, v.Name) {
				continue
			}
			asked = append(asked, v.Name)
			missing, err := isAbsent(ctx, func(ctx context.Context) error {
				_, err := s.engine.VolumeInspect(ctx, v.Name)
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("inspect volume %s: %w", v.Name, err)
			}
			if missing {
				reasons = append(reasons, model.Reason{Code: model.CreateFailed, Service: service.Name, Message: fmt.Sprintf(
					"external volume %s (%s) does not exist; create it: docker volume create %s", v.Name, load.Locate(m.Files).Where("volumes."+mount.Source), v.Name)})
			}
		}
	}
	return reasons, nil
}

// takenNames returns a reason for each container name that a container of someone else has.
func (s *Stack) takenNames(ctx context.Context, m model.Model) (reasons []model.Reason, err error) {
	for _, service := range m.Services {
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
