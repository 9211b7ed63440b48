package compose

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"golang.org/x/sync/errgroup"

	"bluegate/deploy/model"
)

// A keeper is a container that is never started and stands for one of a release that has retired: the container may go,
// the keeper stays. It is of the same image, so that nothing prunes that, whatever becomes of its tag. It has the
// environment, command and healthcheck of the original as its own, so that they can be read exactly where the original's
// could, and nowhere else; what would make the engine act (networks, volumes, ports, Compose's labels) is keptFile in it.
const keptFile = "bluegate-kept.json"

// original is what a keeper's own configuration does not say of the container for which it stands.
type original struct {
	Name       string                               `json:"name"`
	Image      string                               `json:"image"` // as the container called it
	Hostname   string                               `json:"hostname,omitempty"`
	Domainname string                               `json:"domainname,omitempty"`
	Labels     map[string]string                    `json:"labels"`
	Volumes    map[string]struct{}                  `json:"volumes,omitempty"`
	Host       container.HostConfig                 `json:"host"` // without LogConfig, which the keeper has
	Networks   map[string]*network.EndpointSettings `json:"networks,omitempty"`
	Files      []injectedFile                       `json:"files,omitempty"`
}

// Keep implements deploy.Archive.
func (s *Stack) Keep(ctx context.Context, project string, rec model.ReleaseRecord) error {
	group, ctx := errgroup.WithContext(ctx)
	for n, k := range rec.Kept {
		group.Go(func() error {
			if err := s.keep(ctx, project, rec, n, k); err != nil {
				return fmt.Errorf("keep %s: %w", k.Name, err)
			}
			return nil
		})
	}
	return s.engine.unreachable(group.Wait())
}

func (s *Stack) keep(ctx context.Context, project string, rec model.ReleaseRecord, n int, k model.RetainedContainer) error {
	v := vessel{engine: s.engine, name: fmt.Sprintf("bluegate-kept-%s-%d-%s", rec.Release, n+1, project)}
	if _, err := v.get(ctx, keptFile); err == nil {
		return nil
	}
	ask, cancel := asking(ctx)
	defer cancel()
	info, err := s.engine.ContainerInspect(ask, k.ID)
	if err != nil {
		return err
	}
	o := originalOf(info)
	names := map[string]string{} // they last longer than the ids, which a rollback changes
	for _, other := range rec.Kept {
		names[other.ID] = other.Name
	}
	o.follow(names)
	if o.Files, err = s.injected(ask, rec.Colour, k, info.Config.Labels); err != nil {
		return err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	config, host := keeperOf(info)
	config.Labels = map[string]string{ownLabel: v.name, keptLabel: project, keptReleaseLabel: rec.Release, keptNameLabel: k.Name}
	_, err = s.engine.ContainerCreate(ask, config, host, &network.NetworkingConfig{}, nil, v.name)
	if errdefs.IsConflict(err) { // of a run that was killed before it had written the file
		if err = v.remove(ctx); err == nil {
			_, err = s.engine.ContainerCreate(ask, config, host, &network.NetworkingConfig{}, nil, v.name)
		}
	}
	if err != nil {
		return err
	}
	return v.put(ctx, text, keptFile)
}

func originalOf(info container.InspectResponse) original {
	o := original{
		Name: strings.TrimPrefix(info.Name, "/"), Image: info.Config.Image, Domainname: info.Config.Domainname,
		Labels: info.Config.Labels, Volumes: info.Config.Volumes, Host: *info.HostConfig, Networks: map[string]*network.EndpointSettings{},
	}
	o.Host.LogConfig = container.LogConfig{}
	if !strings.HasPrefix(info.ID, info.Config.Hostname) { // else the engine had chosen it
		o.Hostname = info.Config.Hostname
	}
	if info.NetworkSettings != nil {
		for name, n := range info.NetworkSettings.Networks {
			o.Networks[name] = &network.EndpointSettings{
				IPAMConfig: n.IPAMConfig, Links: n.Links, DriverOpts: n.DriverOpts,
				Aliases: slices.DeleteFunc(slices.Clone(n.Aliases), func(a string) bool { return strings.HasPrefix(info.ID, a) }),
			}
		}
	}
	return o
}

// keeperOf is a container of the same image that asks for nothing: its image's volumes are covered by what takes no
// space, so that none is created.
func keeperOf(info container.InspectResponse) (*container.Config, *container.HostConfig) {
	config := *info.Config
	config.Image, config.Hostname, config.Domainname, config.Volumes = info.Image, "", "", nil
	host := &container.HostConfig{
		NetworkMode: "none", LogConfig: info.HostConfig.LogConfig, RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled},
	}
	for path := range info.Config.Volumes {
		host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeTmpfs, Target: path})
	}
	return &config, host
}

// keepers lists what is kept of a project, or of one of its releases.
func (s *Stack) keepers(ctx context.Context, project, release string) ([]container.Summary, error) {
	ctx, cancel := asking(ctx)
	defer cancel()
	f := filters.NewArgs(filters.Arg("label", keptLabel+"="+project))
	if release != "" {
		f.Add("label", keptReleaseLabel+"="+release)
	}
	rows, err := s.engine.ContainerList(ctx, container.ListOptions{All: true, Filters: f})
	if err != nil {
		return nil, s.engine.unreachable(fmt.Errorf("list what is kept of %s: %w", project, err))
	}
	return rows, nil
}

// Held implements deploy.Archive.
func (s *Stack) Held(ctx context.Context, project string, rec model.ReleaseRecord) (missing []model.RetainedContainer, err error) {
	rows, err := s.keepers(ctx, project, rec.Release)
	if err != nil {
		return nil, err
	}
	for _, k := range rec.Kept {
		there := slices.ContainsFunc(rows, func(row container.Summary) bool { return row.Labels[keptNameLabel] == k.Name })
		if there {
			if there, err = s.hasImage(ctx, k.Digest); err != nil {
				return nil, err
			}
		}
		if !there {
			missing = append(missing, k)
		}
	}
	return missing, nil
}

// hasImage asks for an image: a forced removal takes it away under a container that does not run.
func (s *Stack) hasImage(ctx context.Context, id string) (bool, error) {
	ctx, cancel := asking(ctx)
	defer cancel()
	_, err := s.engine.ImageInspect(ctx, id)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, s.engine.unreachable(err)
}

// Forget implements deploy.Archive.
func (s *Stack) Forget(ctx context.Context, project string, but []string) error {
	rows, err := s.keepers(ctx, project, "")
	if err != nil {
		return err
	}
	for _, row := range rows {
		if slices.Contains(but, row.Labels[keptReleaseLabel]) {
			continue
		}
		if err := removeContainer(ctx, s.engine, row.ID); err != nil {
			return s.engine.unreachable(fmt.Errorf("remove %v, which keeps what is not needed any more: %w", row.Names, err))
		}
	}
	return nil
}
