package compose

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/network"

	"bluegate/deploy"
)

// Require implements deploy.Stack: Compose itself would find all this out one by one, with half of the release started.
func (s *Stack) Require(ctx context.Context, m deploy.Model) error {
	var reasons []deploy.Reason
	for _, check := range []func(context.Context, deploy.Model) ([]deploy.Reason, error){s.externalNetworks, s.externalVolumes, s.takenNames, s.volumesAsDeclared, s.networksAsDeclared} {
		found, err := check(ctx, m)
		if err != nil {
			return s.engine.unreachable(err)
		}
		reasons = append(reasons, found...)
	}
	if len(reasons) == 0 {
		return nil
	}
	return &deploy.RefusedError{Reasons: reasons}
}

func (s *Stack) externalNetworks(ctx context.Context, m deploy.Model) (reasons []deploy.Reason, err error) {
	project := s.projects[m.Colour]
	var asked []string
	for _, service := range m.Services {
		for key := range project.Services[service.Name].Networks {
			n := project.Networks[key]
			if !bool(n.External) || slices.Contains(asked, n.Name) {
				continue
			}
			asked = append(asked, n.Name)
			missing, err := absent(ctx, func(ctx context.Context) error {
				_, err := s.engine.NetworkInspect(ctx, n.Name, network.InspectOptions{})
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("inspect network %s: %w", n.Name, err)
			}
			if missing {
				reasons = append(reasons, deploy.Reason{Code: deploy.CreateFailed, Service: service.Name, Message: fmt.Sprintf(
					"network %s is declared external (%s), and there is none; make it: docker network create %s", n.Name, locate(m.Files).where("networks."+key), n.Name)})
			}
		}
	}
	return reasons, nil
}

func (s *Stack) externalVolumes(ctx context.Context, m deploy.Model) (reasons []deploy.Reason, err error) {
	project := s.projects[m.Colour]
	var asked []string
	for _, service := range m.Services {
		for _, mount := range project.Services[service.Name].Volumes {
			v, named := project.Volumes[mount.Source]
			if !named || !bool(v.External) || slices.Contains(asked, v.Name) {
				continue
			}
			asked = append(asked, v.Name)
			missing, err := absent(ctx, func(ctx context.Context) error {
				_, err := s.engine.VolumeInspect(ctx, v.Name)
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("inspect volume %s: %w", v.Name, err)
			}
			if missing {
				reasons = append(reasons, deploy.Reason{Code: deploy.CreateFailed, Service: service.Name, Message: fmt.Sprintf(
					"volume %s is declared external (%s), and there is none; make it: docker volume create %s", v.Name, locate(m.Files).where("volumes."+mount.Source), v.Name)})
			}
		}
	}
	return reasons, nil
}

// takenNames are container names that somebody else's container has.
func (s *Stack) takenNames(ctx context.Context, m deploy.Model) (reasons []deploy.Reason, err error) {
	for _, service := range m.Services {
		if service.ContainerName == "" {
			continue
		}
		var owner string
		missing, err := absent(ctx, func(ctx context.Context) error {
			info, err := s.engine.ContainerInspect(ctx, service.ContainerName)
			if err == nil && info.Config != nil {
				owner = info.Config.Labels[api.ProjectLabel] + "/" + info.Config.Labels[api.ServiceLabel]
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("inspect container %s: %w", service.ContainerName, err)
		}
		if missing || owner == m.ComposeProject+"/"+service.Name {
			continue
		}
		whose := "docker run or another tool made it"
		if owner != "/" {
			whose = "it is that of " + owner
		}
		reasons = append(reasons, deploy.Reason{Code: deploy.CreateFailed, Service: service.Name, Container: service.ContainerName, Message: fmt.Sprintf(
			"a container is called %s already (%s), so %s (%s) cannot have the name; remove that one (docker rm -f %s) or change container_name",
			service.ContainerName, whose, service.Name, cmp.Or(service.Place, "its Compose file"), service.ContainerName)})
	}
	return reasons, nil
}

// absent tells what is not there from what could not be asked.
func absent(ctx context.Context, ask func(context.Context) error) (bool, error) {
	ctx, cancel := asking(ctx)
	defer cancel()
	err := ask(ctx)
	if errdefs.IsNotFound(err) {
		return true, nil
	}
	return false, err
}
