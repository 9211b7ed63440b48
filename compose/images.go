package compose

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"

	"bluegate/compose/engine"
	"bluegate/compose/load"
	"bluegate/deploy/model"
)

// Images implements model.ImageStore.
func (s *Stack) Images(ctx context.Context, m model.Model) ([]model.Image, error) {
	var out []model.Image
	for _, service := range m.Services {
		img, err := s.image(ctx, service)
		if err != nil {
			return nil, err
		}
		out = append(out, img)
	}
	return out, nil
}

func (s *Stack) image(ctx context.Context, service model.Service) (model.Image, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	out := model.Image{Service: service.Name, Ref: service.Image}
	if _, err := reference.ParseNormalizedNamed(service.Image); err != nil {
		return out, nil // Load refuses it for a deployment
	}
	info, err := s.engine.ImageInspect(ctx, service.Image)
	if errdefs.IsNotFound(err) {
		return out, nil
	}
	if err != nil {
		return out, s.engine.Unreachable(fmt.Errorf("inspect image %s of %s: %w", service.Image, service.Name, err))
	}
	out.ID = info.ID
	// An image that was built or loaded here has no digest from a registry; only containerd's image store gives it one.
	out.FromPull = len(info.RepoDigests) > 0
	out.Tagged = info.Metadata.LastTagTime.Add(s.engine.Skew)
	if info.Config == nil {
		return out, nil
	}
	for port := range info.Config.ExposedPorts {
		out.Ports = load.AddPort(out.Ports, string(port))
	}
	slices.Sort(out.Ports)
	if out.Probe = probeOf((*container.HealthConfig)(info.Config.Healthcheck)); out.Probe != nil {
		out.ProbeTest = info.Config.Healthcheck.Test
	}
	return out, nil
}

// RemoveImages implements model.ImageStore. An image that a container uses, or that has another name, is kept; only the name
// that the release gave it is removed.
func (s *Stack) RemoveImages(ctx context.Context, images []model.PulledImage) ([]string, error) {
	var removed []string
	var errs []error
	for _, img := range images {
		gone, err := s.removeImage(ctx, img)
		if err != nil {
			errs = append(errs, fmt.Errorf("remove image %s: %w", img.Ref, err))
		}
		if gone {
			removed = append(removed, img.Ref)
		}
	}
	return removed, s.engine.Unreachable(errors.Join(errs...))
}

func (s *Stack) removeImage(ctx context.Context, img model.PulledImage) (bool, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	now, err := s.engine.ImageInspect(ctx, img.Ref)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if img.ID == "" || now.ID == img.Before || now.ID != img.ID {
		return false, nil // not the image of the release, or not any more
	}
	remove := img.Ref
	if img.Before != "" {
		switch err := s.engine.ImageTag(ctx, img.Before, img.Ref); {
		case errdefs.IsNotFound(err): // a build in containerd's image store removes what the tag named before: the name is removed
		case err != nil:
			return false, fmt.Errorf("move the tag back to %.19s: %w", img.Before, err)
		case len(now.RepoTags) > 1:
			return false, nil
		default:
			remove = now.ID
		}
	}
	users, err := s.engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("ancestor", now.ID))})
	if err != nil || len(users) > 0 {
		return false, err
	}
	_, err = s.engine.ImageRemove(ctx, remove, image.RemoveOptions{PruneChildren: true})
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return false, nil // someone uses it by now
	}
	return err == nil, err
}
