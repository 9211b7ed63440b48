package compose

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// Revive implements model.Archive. Compose starts the containers, so that each waits for what it depends on.
func (s *Stack) Revive(ctx context.Context, project string, rec model.ReleaseRecord, created func(context.Context) error) error {
	err := s.recreateMissing(ctx, project, rec)
	if err == nil {
		err = s.restoreRestart(ctx, rec)
	}
	if err == nil {
		err = created(ctx)
	}
	var hooks map[string][]types.ServiceHook
	if err == nil {
		hooks, err = s.savedHooks(ctx, project, rec)
	}
	if err == nil {
		err = s.engine.Leases.Ask()
	}
	if err == nil {
		err = s.service.Start(ctx, rec.Model.ComposeProject, api.StartOptions{Project: startProject(rec.Model, hooks)})
	}
	if err == nil {
		err = ctx.Err() // Start returns nil when its wait for a dependency is cancelled
	}
	return s.engine.Unreachable(err)
}

// savedHooks returns the post_start hooks of a release's services, which its snapshots have.
func (s *Stack) savedHooks(ctx context.Context, project string, rec model.ReleaseRecord) (map[string][]types.ServiceHook, error) {
	rows, err := s.snapshots(ctx, project, rec.Release)
	if err != nil {
		return nil, err
	}
	hooks := map[string][]types.ServiceHook{}
	for _, k := range rec.Kept {
		i := slices.IndexFunc(rows, func(row container.Summary) bool { return row.Labels[engine.KeptNameLabel] == k.Name })
		if i < 0 {
			continue
		}
		o, err := s.savedSpec(ctx, rows[i].ID)
		if err != nil {
			return nil, err
		}
		hooks[k.Service] = o.PostStart
	}
	return hooks, nil
}

// savedSpec reads what a snapshot holds.
func (s *Stack) savedSpec(ctx context.Context, snapshot string) (o containerSpec, err error) {
	text, err := engine.StateContainer{Engine: s.engine, Name: snapshot}.Get(ctx, snapshotFile)
	if err != nil {
		return o, err
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return o, fmt.Errorf("its saved configuration cannot be read: %w", err)
	}
	return o, nil
}

// startProject returns the part of a Compose project that is needed to start it.
func startProject(m model.Model, hooks map[string][]types.ServiceHook) *types.Project {
	p := &types.Project{Name: m.ComposeProject, Services: types.Services{}}
	for _, s := range m.Services {
		depends := types.DependsOnConfig{}
		for _, d := range s.After {
			depends[d.Service] = types.ServiceDependency{Condition: string(d.Condition), Required: true}
		}
		p.Services[s.Name] = types.ServiceConfig{Name: s.Name, DependsOn: depends, PostStart: hooks[s.Name]}
	}
	return p
}

// recreateMissing recreates the containers that no longer exist. The engine completes a creation even if its caller is
// gone, so a creation is not cancelled.
func (s *Stack) recreateMissing(ctx context.Context, project string, rec model.ReleaseRecord) error {
	creating, cancel := context.WithTimeout(context.WithoutCancel(ctx), createLimit)
	defer cancel()
	there, err := s.currentIDs(creating, rec)
	if err != nil {
		return err
	}
	rows, err := s.snapshots(creating, project, rec.Release)
	if err != nil {
		return err
	}
	now := map[string]string{} // the current ids, by saved id and by name
	for _, k := range rec.Kept {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		id, ok := there[k.Name]
		if ok {
			if ok, err = s.sharesExisting(creating, id, now); err != nil {
				return fmt.Errorf("inspect %s: %w", k.Name, err)
			}
		}
		if !ok {
			i := slices.IndexFunc(rows, func(row container.Summary) bool { return row.Labels[engine.KeptNameLabel] == k.Name })
			if i < 0 {
				return fmt.Errorf("container %s (or one whose network or volumes it shares) is gone, and so is its saved configuration", k.Name)
			}
			if id != "" {
				err = engine.RemoveContainer(creating, s.engine, id)
			}
			if err == nil {
				id, err = s.recreate(creating, rec, k, rows[i].ID, now)
			}
			if err != nil {
				return fmt.Errorf("recreate %s: %w", k.Name, err)
			}
		}
		now[k.ID], now[k.Name] = id, id
	}
	return nil
}

// sharesExisting says whether the containers whose namespaces or volumes a container shares still have the ids that it
// names. Otherwise it could not be started.
func (s *Stack) sharesExisting(ctx context.Context, id string, now map[string]string) (bool, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := s.engine.ContainerInspect(ctx, id)
	if err != nil {
		return false, err
	}
	o := containerSpecOf(info)
	o.redirect(now)
	then := info.HostConfig
	return o.Host.NetworkMode == then.NetworkMode && o.Host.PidMode == then.PidMode && o.Host.IpcMode == then.IpcMode &&
		slices.Equal(o.Host.VolumesFrom, then.VolumesFrom), nil
}

// currentIDs returns the ids of the containers that have the names of the release's containers, by name.
func (s *Stack) currentIDs(ctx context.Context, rec model.ReleaseRecord) (map[string]string, error) {
	rows, err := s.list(ctx, rec.Model, "")
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, row := range rows {
		for _, name := range row.Names {
			ids[strings.TrimPrefix(name, "/")] = row.ID
		}
	}
	return ids, nil
}

// recreate creates a container from its snapshot. It has Compose's labels, so Compose treats it as its own.
func (s *Stack) recreate(ctx context.Context, rec model.ReleaseRecord, k model.RetainedContainer, snapshot string, now map[string]string) (string, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := s.engine.ContainerInspect(ctx, snapshot)
	if err != nil {
		return "", err
	}
	o, err := s.savedSpec(ctx, snapshot)
	if err != nil {
		return "", err
	}
	config := *info.Config
	config.Image, config.Hostname, config.Domainname, config.Volumes = s.imageName(ctx, o.Image, k.Digest), o.Hostname, o.Domainname, o.Volumes
	config.Labels = maps.Clone(o.Labels)
	config.Labels[engine.ReleaseLabel] = rec.Release
	o.Host.LogConfig = info.HostConfig.LogConfig
	o.Host.RestartPolicy = container.RestartPolicy{Name: container.RestartPolicyDisabled} // until it is started
	o.redirect(now)
	o.clearInherited(&config)
	return s.create(ctx, &config, o)
}

// imageName returns the image's name if that still refers to the image, otherwise its id.
func (s *Stack) imageName(ctx context.Context, ref, id string) string {
	if info, err := s.engine.ImageInspect(ctx, ref); err == nil && info.ID == id {
		return ref
	}
	return id
}

// redirect replaces the ids of containers whose namespaces or volumes are shared.
func (o *containerSpec) redirect(instead map[string]string) {
	renewed := func(mode string) string {
		id, shared := strings.CutPrefix(mode, "container:")
		if next := instead[id]; shared && next != "" {
			return "container:" + next
		}
		return mode
	}
	o.Host.NetworkMode = container.NetworkMode(renewed(string(o.Host.NetworkMode)))
	o.Host.PidMode = container.PidMode(renewed(string(o.Host.PidMode)))
	o.Host.IpcMode = container.IpcMode(renewed(string(o.Host.IpcMode)))
	o.Host.VolumesFrom = slices.Clone(o.Host.VolumesFrom)
	for i, from := range o.Host.VolumesFrom {
		id, _, _ := strings.Cut(from, ":") // ID:ro
		if next := instead[id]; next != "" {
			o.Host.VolumesFrom[i] = next + strings.TrimPrefix(from, id)
		}
	}
}

// clearInherited clears what the engine itself wrote into a container's configuration and refuses in a new one: with
// the network of another container, the hostname of that container and the ports of its own image; with the host's UTS
// namespace, the hostname. The user cannot have set them: the engine would have refused that.
func (o *containerSpec) clearInherited(config *container.Config) {
	shares := o.Host.NetworkMode.IsContainer()
	if shares || o.Host.UTSMode.IsHost() {
		config.Hostname = ""
	}
	if shares {
		config.Domainname, config.ExposedPorts = "", nil
	}
}

// create creates the container on its first network and connects the others: engines before API 1.44 accept only one.
func (s *Stack) create(ctx context.Context, config *container.Config, o containerSpec) (string, error) {
	networks := slices.Sorted(maps.Keys(o.Networks))
	if mode := o.Host.NetworkMode; mode.IsContainer() || mode.IsHost() || mode.IsNone() {
		networks = nil
	}
	first := &network.NetworkingConfig{}
	if i := slices.Index(networks, string(o.Host.NetworkMode)); i > 0 {
		networks[0], networks[i] = networks[i], networks[0]
	}
	if len(networks) > 0 {
		first.EndpointsConfig = map[string]*network.EndpointSettings{networks[0]: o.Networks[networks[0]]}
		networks = networks[1:]
	}
	made, err := s.engine.ContainerCreate(ctx, config, &o.Host, first, nil, o.Name)
	if err != nil {
		return "", err
	}
	for _, name := range networks {
		if err := s.engine.NetworkConnect(ctx, name, made.ID, o.Networks[name]); err != nil {
			return made.ID, fmt.Errorf("join network %s: %w", name, err)
		}
	}
	return made.ID, s.writeInlineConfigs(ctx, made.ID, o.Files)
}

// restoreRestart restores the restart policies of the containers.
func (s *Stack) restoreRestart(ctx context.Context, rec model.ReleaseRecord) error {
	there, err := s.currentIDs(ctx, rec)
	if err != nil {
		return err
	}
	now := slices.Clone(rec.Kept)
	for i, k := range now {
		now[i].ID = there[k.Name]
	}
	return s.RestoreRestart(ctx, now)
}

// RestoreRestart implements model.Archive.
func (s *Stack) RestoreRestart(ctx context.Context, containers []model.RetainedContainer) error {
	for _, k := range containers {
		ask, cancel := engine.Asking(ctx)
		_, err := s.engine.ContainerUpdate(ask, k.ID, container.UpdateConfig{RestartPolicy: parsePolicy(k.Policy)})
		cancel()
		if err != nil {
			return s.engine.Unreachable(fmt.Errorf("restore the restart policy of %s: %w", k.Name, err))
		}
	}
	return nil
}

// policyText writes a restart policy in the form of a Compose file.
func policyText(p container.RestartPolicy) string {
	if p.MaximumRetryCount > 0 {
		return string(p.Name) + ":" + strconv.Itoa(p.MaximumRetryCount)
	}
	return string(p.Name)
}

func parsePolicy(text string) container.RestartPolicy {
	name, most, _ := strings.Cut(text, ":")
	if name == "" {
		name = string(container.RestartPolicyDisabled)
	}
	n, _ := strconv.Atoi(most)
	return container.RestartPolicy{Name: container.RestartPolicyMode(name), MaximumRetryCount: n}
}
