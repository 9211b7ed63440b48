package compose

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/compose/v5/pkg/compose"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"bluegate/compose/engine"
	"bluegate/compose/load"
	"bluegate/deploy/model"
)

// answerNo answers every question that Compose asks with no: all of them ask whether something may be destroyed.
// Require refuses a deployment before Compose would ask; this is for what changed since then.
func answerNo(string, bool) (bool, error) { return false, nil }

// volumesAsDeclared refuses a named volume that differs from its definition in the files. Compose would remove the
// volume, with its data and the containers that use it, and create an empty one.
func (s *Stack) volumesAsDeclared(ctx context.Context, m coming) (reasons []model.Reason, err error) {
	project := m.project
	for _, key := range project.VolumeNames() {
		declared := project.Volumes[key]
		if bool(declared.External) {
			continue
		}
		var there volume.Volume
		missing, err := isAbsent(ctx, func(ctx context.Context) (err error) {
			there, err = s.engine.VolumeInspect(ctx, declared.Name)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("inspect volume %s: %w", declared.Name, err)
		}
		if missing {
			continue
		}
		differs, err := volumeDiffers(declared, there, project.Name)
		if err != nil {
			return nil, err
		}
		if differs != "" {
			reasons = append(reasons, model.Reason{Code: model.WouldLoseData, Message: fmt.Sprintf(
				"volume %s differs from its declaration (%s): %s. Docker cannot change a volume, so Compose would remove it with its data and create an empty one; revert the change, or use the volume as it is: volumes: {%s: {external: true, name: %s}}",
				declared.Name, load.Locate(m.Files).Where("volumes."+key), differs, key, declared.Name)})
		}
	}
	return reasons, nil
}

// volumeDiffers says how a volume differs from its declaration, if Compose would recreate it; empty if Compose would
// keep it. Compose compares hashes, and the hashes of two Compose versions may differ for the same declaration.
func volumeDiffers(declared types.VolumeConfig, there volume.Volume, project string) (string, error) {
	recorded := there.Labels[api.ConfigHashLabel]
	if recorded == "" || there.Labels[api.ProjectLabel] != project {
		return "", nil
	}
	hash, err := compose.VolumeHash(declared)
	if err != nil || hash == recorded {
		return "", err
	}
	var parts []string
	driver := declared.Driver
	if driver == "" {
		driver = "local"
	}
	if driver != there.Driver {
		parts = append(parts, fmt.Sprintf("the file says driver %q, the volume has %q", driver, there.Driver))
	}
	parts = append(parts, differences("driver option", declared.DriverOpts, there.Options)...)
	labels := maps.Clone(there.Labels)
	maps.DeleteFunc(labels, func(name, _ string) bool { return strings.HasPrefix(name, composeLabels) })
	parts = append(parts, differences("label", declared.Labels, labels)...)
	return strings.Join(parts, ", "), nil
}

// composeLabels is the prefix of the labels that Compose sets.
const composeLabels = "com.docker.compose."

// differences lists what only the file or only the engine has, and what differs between them, sorted by name.
func differences(what string, declared, there map[string]string) (parts []string) {
	names := slices.Collect(maps.Keys(declared))
	for name := range there {
		if _, known := declared[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		want, wanted := declared[name]
		have, had := there[name]
		switch {
		case wanted && !had:
			parts = append(parts, fmt.Sprintf("the file says %s %s=%q, the volume has none", what, name, want))
		case had && !wanted:
			parts = append(parts, fmt.Sprintf("the volume has %s %s=%q, the file does not", what, name, have))
		case want != have:
			parts = append(parts, fmt.Sprintf("the file says %s %s=%q, the volume has %q", what, name, want, have))
		}
	}
	return parts
}

// networksAsDeclared refuses a network that differs from its definition in the files while containers use it that the
// release does not replace. Compose would remove the network and create another one. The engine refuses that in the
// middle of the release while a container runs on it; a stopped container, such as one that a rollback needs, could not
// be started again.
func (s *Stack) networksAsDeclared(ctx context.Context, m coming) (reasons []model.Reason, err error) {
	project := m.project
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	all, err := s.engine.NetworkList(ask, network.ListOptions{Filters: filters.NewArgs(filters.Arg("label", api.ProjectLabel+"="+project.Name))})
	if err != nil {
		return nil, fmt.Errorf("list the networks of project %s: %w", project.Name, err)
	}
	for _, key := range project.NetworkNames() {
		declared := project.Networks[key]
		there, found := networkOf(all, key, declared.Name)
		if bool(declared.External) || !found || there.Labels[api.ConfigHashLabel] == "" {
			continue
		}
		hash, err := compose.NetworkHash(&declared)
		if err != nil {
			return nil, err
		}
		if hash == there.Labels[api.ConfigHashLabel] {
			continue
		}
		users, err := s.onNetwork(ctx, m.Model, there)
		if err != nil {
			return nil, err
		}
		if len(users) > 0 {
			reasons = append(reasons, model.Reason{Code: model.CreateFailed, Message: fmt.Sprintf(
				"network %s differs from its declaration (%s). Docker cannot change a network, so Compose would remove it, but these containers use it: %s; revert the change, or declare the changed network under another key and name and connect the services and nginx to both",
				there.Name, load.Locate(m.Files).Where("networks."+key), strings.Join(users, ", "))})
		}
	}
	return reasons, nil
}

// networkOf returns the network that Compose would use for one in the files: the one with that name, otherwise the
// first by name that was created for that key.
func networkOf(all []network.Summary, key, name string) (found network.Summary, ok bool) {
	for _, n := range all {
		switch {
		case n.Name == name:
			return n, true
		case n.Labels[api.NetworkLabel] == key && (!ok || n.Name < found.Name):
			found, ok = n, true
		}
	}
	return found, ok
}

// onNetwork names the containers on a network, including stopped ones, except those that the release replaces.
func (s *Stack) onNetwork(ctx context.Context, m model.Model, n network.Summary) (names []string, err error) {
	rows, err := s.engine.Rows(ctx, "on network "+n.Name, filters.NewArgs(filters.Arg("network", n.ID)))
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if row.Labels[api.ProjectLabel] == m.ComposeProject && s.owns(m, row.Labels) {
			continue
		}
		for _, name := range row.Names {
			names = append(names, strings.TrimPrefix(name, "/"))
		}
	}
	slices.Sort(names)
	return names, nil
}

// keepScale prevents Compose from removing containers of a dependency that has more of them than the file says: they do
// not belong to the release.
func keepScale(c types.ServiceConfig, there int) types.ServiceConfig {
	if c.ContainerName == "" && there > c.GetScale() {
		c.SetScale(there)
	}
	return c
}
