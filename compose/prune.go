package compose

import (
	"context"
	"errors"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// Prune implements model.ImageStore. Snapshots use their images too, so what a rollback needs is never removed.
func (s *Stack) Prune(ctx context.Context, images []model.PulledImage) (removed []string, left []model.PulledImage, err error) {
	var errs []error
	for _, img := range images {
		name, stays, err := s.prune(ctx, img)
		if err != nil {
			errs = append(errs, fmt.Errorf("remove image %.19s: %w", img.ID, err))
		}
		if stays || err != nil {
			left = append(left, img)
		}
		if name != "" {
			removed = append(removed, name)
		}
	}
	return removed, left, s.engine.Unreachable(errors.Join(errs...))
}

// prune removes one image, or the name that a release gave it. An image that a release only used is removed only when
// it has no name left.
func (s *Stack) prune(ctx context.Context, img model.PulledImage) (removed string, stays bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, engine.KillLimit)
	defer cancel()
	info, err := s.engine.ImageInspect(ctx, img.ID)
	if errdefs.IsNotFound(err) {
		return "", false, nil
	}
	if err != nil {
		return "", true, err
	}
	if img.Ref == "" && len(info.RepoTags) > 0 {
		return "", false, nil
	}
	users, err := s.engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("ancestor", img.ID))})
	if err != nil || len(users) > 0 {
		return "", true, err
	}
	target := img.ID
	if len(info.RepoTags) > 0 {
		named, err := s.engine.ImageInspect(ctx, img.Ref)
		if errdefs.IsNotFound(err) || err == nil && named.ID != img.ID {
			return "", false, nil // it has other names, from someone else
		}
		if err != nil {
			return "", true, err
		}
		target = img.Ref
	}
	_, err = s.engine.ImageRemove(ctx, target, image.RemoveOptions{PruneChildren: true})
	switch {
	case errdefs.IsNotFound(err):
		return "", false, nil
	case errdefs.IsConflict(err): // someone uses it by now
		return "", true, nil
	case err != nil:
		return "", true, err
	case img.Ref == "":
		return fmt.Sprintf("%.19s", img.ID), false, nil
	}
	return img.Ref, false, nil
}
