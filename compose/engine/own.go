package engine

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"
)

// composeHash is a label that Compose sets on every container, and no builder on an image.
const composeHash = "com.docker.compose.config-hash"

// IsOwn says whether labels are those of a container of bluegate's own. A container also has the labels of its image, so
// one that Compose made is none, whatever other labels it has.
func IsOwn(labels map[string]string) bool {
	return (labels[OwnLabel] != "" || labels[SweepLabel] != "") && labels[composeHash] == ""
}

// HideImageLabels adds an empty label for each that an image has to the labels of a container of bluegate's own, which would
// have the image's otherwise. By them Compose, and whatever else watches the engine, would take the container for one of a
// service: Compose labels the images that it builds. An image that is not there has none.
func HideImageLabels(ctx context.Context, docker *client.Client, image string, labels map[string]string) error {
	info, err := docker.ImageInspect(ctx, image)
	switch {
	case errdefs.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("inspect image %.19s: %w", image, err)
	case info.Config == nil:
		return nil
	}
	for name := range info.Config.Labels {
		if _, own := labels[name]; !own {
			labels[name] = ""
		}
	}
	return nil
}
