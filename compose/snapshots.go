package compose

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"golang.org/x/sync/errgroup"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// A snapshot is a container that is never started. It stands for a container of a retired release, which may be removed
// while the snapshot stays. It has the same image, so that no prune removes the image even if its tag moves. It has the
// environment, command and healthcheck of the original, so that they are visible exactly where the original's were.
// Everything that would make the engine act (networks, volumes, ports, Compose's labels) is in this file in it.
const snapshotFile = "bluegate-kept.json"

// containerSpec is what a snapshot's own configuration does not contain of the original container.
type containerSpec struct {
	Name       string                               `json:"name"`
	Image      string                               `json:"image"` // as in the container's configuration
	Hostname   string                               `json:"hostname,omitempty"`
	Domainname string                               `json:"domainname,omitempty"`
	Labels     map[string]string                    `json:"labels"`
	Volumes    map[string]struct{}                  `json:"volumes,omitempty"`
	Host       container.HostConfig                 `json:"host"` // without LogConfig, which the snapshot itself has
	Networks   map[string]*network.EndpointSettings `json:"networks,omitempty"`
	Files      []inlineFile                         `json:"files,omitempty"`
	PostStart  []types.ServiceHook                  `json:"post_start,omitempty"`
}

// Keep implements model.Archive.
func (s *Stack) Keep(ctx context.Context, project string, rec model.ReleaseRecord) error {
	group, ctx := errgroup.WithContext(ctx)
	for n, k := range rec.Kept {
		group.Go(func() error {
			if err := s.keepContainer(ctx, project, rec, n, k); err != nil {
				return fmt.Errorf("keep %s: %w", k.Name, err)
			}
			return nil
		})
	}
	return s.engine.Unreachable(group.Wait())
}

func (s *Stack) keepContainer(ctx context.Context, project string, rec model.ReleaseRecord, n int, k model.RetainedContainer) error {
	v := engine.StateContainer{Engine: s.engine, Name: fmt.Sprintf("bluegate-kept-%s-%d-%s", rec.Release, n+1, project)}
	if _, err := v.Get(ctx, snapshotFile); err == nil {
		return nil
	}
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := s.engine.ContainerInspect(ask, k.ID)
	if err != nil {
		return err
	}
	o := containerSpecOf(info)
	o.PostStart = s.startHooks(rec.Colour, k.Service)
	names := map[string]string{} // names stay the same; a rollback changes ids
	for _, other := range rec.Kept {
		names[other.ID] = other.Name
	}
	o.redirect(names)
	if o.Files, err = s.inlineConfigs(ask, rec.Colour, k, info.Config.Labels); err != nil {
		return err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	config, host := snapshotConfig(info)
	config.Labels = map[string]string{engine.OwnLabel: v.Name, engine.KeptLabel: project, engine.KeptReleaseLabel: rec.Release, engine.KeptNameLabel: k.Name}
	if err := engine.HideImageLabels(ask, s.engine.Client, info.Image, config.Labels); err != nil {
		return err
	}
	_, err = s.engine.ContainerCreate(ask, config, host, &network.NetworkingConfig{}, nil, v.Name)
	if errdefs.IsConflict(err) { // left by a run that was killed before it wrote the file
		if err = v.Remove(ctx); err == nil {
			_, err = s.engine.ContainerCreate(ask, config, host, &network.NetworkingConfig{}, nil, v.Name)
		}
	}
	if err != nil {
		return err
	}
	return v.Put(ctx, text, snapshotFile)
}

func containerSpecOf(info container.InspectResponse) containerSpec {
	o := containerSpec{
		Name: strings.TrimPrefix(info.Name, "/"), Image: info.Config.Image, Domainname: info.Config.Domainname,
		Labels: info.Config.Labels, Volumes: info.Config.Volumes, Host: *info.HostConfig, Networks: map[string]*network.EndpointSettings{},
	}
	o.Host.LogConfig = container.LogConfig{}
	if !strings.HasPrefix(info.ID, info.Config.Hostname) { // otherwise the engine chose it
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

// snapshotConfig returns the configuration of a container with the same image and without resources. A tmpfs covers
// each of the image's volumes, so that no volume is created.
func snapshotConfig(info container.InspectResponse) (*container.Config, *container.HostConfig) {
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

// snapshots lists the snapshots of a project, or of one of its releases.
func (s *Stack) snapshots(ctx context.Context, project, release string) ([]container.Summary, error) {
	f := filters.NewArgs(filters.Arg("label", engine.KeptLabel+"="+project))
	if release != "" {
		f.Add("label", engine.KeptReleaseLabel+"="+release)
	}
	return s.engine.Rows(ctx, "that are saved of "+project, f)
}

// Held implements model.Archive.
func (s *Stack) Held(ctx context.Context, project string, rec model.ReleaseRecord) (missing []model.RetainedContainer, err error) {
	rows, err := s.snapshots(ctx, project, rec.Release)
	if err != nil {
		return nil, err
	}
	for _, k := range rec.Kept {
		there := slices.ContainsFunc(rows, func(row container.Summary) bool { return row.Labels[engine.KeptNameLabel] == k.Name })
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

// hasImage says whether an image exists: a forced removal also removes the image of a container that does not run.
func (s *Stack) hasImage(ctx context.Context, id string) (bool, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	_, err := s.engine.ImageInspect(ctx, id)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, s.engine.Unreachable(err)
}

// Forget implements model.Archive. Another application may have the same name: only releases of which a container was a
// service of this application's own Compose projects are let go of.
func (s *Stack) Forget(ctx context.Context, project string, but []string) error {
	rows, err := s.snapshots(ctx, project, "")
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(row container.Summary) bool { return slices.Contains(but, row.Labels[engine.KeptReleaseLabel]) })
	ours := map[string]bool{} // by release
	for _, row := range rows {
		if release := row.Labels[engine.KeptReleaseLabel]; !ours[release] {
			if ours[release], err = s.isOurs(ctx, row.ID); err != nil {
				return s.engine.Unreachable(fmt.Errorf("read %v: %w", row.Names, err))
			}
		}
	}
	for _, row := range rows {
		if !ours[row.Labels[engine.KeptReleaseLabel]] {
			continue
		}
		if err := engine.RemoveContainer(ctx, s.engine, row.ID); err != nil {
			return s.engine.Unreachable(fmt.Errorf("remove %v, which is no longer needed for a rollback: %w", row.Names, err))
		}
	}
	return nil
}

// isOurs says whether a snapshot is of a service of this application, as the labels of the original container name it. Of
// one that was not completed it is not known.
func (s *Stack) isOurs(ctx context.Context, snapshot string) (bool, error) {
	text, err := engine.StateContainer{Engine: s.engine, Name: snapshot}.Get(ctx, snapshotFile)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var o containerSpec
	if err := json.Unmarshal(text, &o); err != nil {
		return false, nil // it is no file of ours that can be read
	}
	for _, p := range s.projects {
		_, own := p.Services[o.Labels[api.ServiceLabel]]
		_, disabled := p.DisabledServices[o.Labels[api.ServiceLabel]]
		if (own || disabled) && p.Name == o.Labels[api.ProjectLabel] {
			return true, nil
		}
	}
	return false, nil
}
