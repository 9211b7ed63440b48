// Package names keeps the host names resolvable that nginx's files name and that belong to stopped containers: nginx does
// not start while a host name of its configuration does not resolve.
package names

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// Holder keeps names resolvable. Its container is on nginx's networks, does nothing, has the host names of stopped
// containers as aliases, and restarts with the engine. Its labels identify it and say which names it holds. It implements
// model.NameHolder.
type Holder struct {
	Engine *engine.Engine
	// Projects are the Compose projects of the colours, once they are loaded; nil: none.
	Projects func() map[model.Colour]*types.Project
}

func (h *Holder) projects() map[model.Colour]*types.Project {
	if h.Projects == nil {
		return nil
	}
	return h.Projects()
}

// networksWithoutAliases are the engine's own networks, on which no container can have an alias.
var networksWithoutAliases = []string{"bridge", "host", "none", network.NetworkDefault}

func holderName(project string) string { return "bluegate-names-" + project }

// aliasesFor returns the aliases to add per network: those of each name's service that nginx is on, too.
func (h *Holder) aliasesFor(ctx context.Context, nginx string, names []model.HeldName) (map[string][]string, error) {
	aliases := map[string][]string{}
	if len(names) == 0 { // nginx may not be there any more
		return aliases, nil
	}
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := h.Engine.ContainerInspect(ctx, nginx)
	if err != nil {
		return nil, h.Engine.Unreachable(fmt.Errorf("inspect the networks of nginx: %w", err))
	}
	for _, n := range names {
		if inHostsFile(info, n.Host) {
			continue
		}
		shared := sharedWith(info, n)
		if len(shared) == 0 {
			return nil, model.Refuse(model.AddressLeftOver, "the configuration of nginx (%s) names %q for both colours, and nginx does not start while a host name does not resolve. While %s is stopped, the name can only be kept resolvable on a network that nginx and the service share, and they share none; remove the name from nginx's files, or add to nginx's service in its Compose file:\n  networks: [%s]",
				strings.TrimPrefix(info.Name, "/"), n.Host, n.Colour, strings.Join(n.Networks, ", "))
		}
		for _, name := range shared {
			if !slices.Contains(aliases[name], n.Host) {
				aliases[name] = append(aliases[name], n.Host)
			}
		}
	}
	for _, list := range aliases {
		slices.Sort(list)
	}
	return aliases, nil
}

// sharedWith are the networks that nginx's container shares with the service of a name. Where those of the service are not
// known, all of nginx's count.
func sharedWith(nginx container.InspectResponse, n model.HeldName) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(nginx.NetworkSettings.Networks)), func(name string) bool {
		return slices.Contains(networksWithoutAliases, name) || len(n.Networks) > 0 && !slices.Contains(n.Networks, name)
	})
}

// inHostsFile says whether a container resolves a host by its /etc/hosts.
func inHostsFile(info container.InspectResponse, host string) bool {
	return slices.ContainsFunc(info.HostConfig.ExtraHosts, func(entry string) bool {
		name, _, _ := strings.Cut(strings.ReplaceAll(entry, "=", ":"), ":")
		return strings.EqualFold(name, host)
	})
}

// CanHold implements model.NameHolder.
func (h *Holder) CanHold(ctx context.Context, nginx string, names []model.HeldName) error {
	_, err := h.aliasesFor(ctx, nginx, names)
	return err
}

// Hold implements model.NameHolder.
func (h *Holder) Hold(ctx context.Context, project, nginx string, names []model.HeldName) error {
	there, err := h.holders(ctx, project)
	if err != nil {
		return err
	}
	aliases, err := h.aliasesFor(ctx, nginx, names)
	if err != nil {
		return err
	}
	spec, err := json.Marshal(aliases)
	if err != nil {
		return err
	}
	kept, err := h.usable(ctx, there, string(spec))
	if err != nil {
		return h.Engine.Unreachable(err)
	}
	if kept == "" && len(aliases) > 0 { // before the others are removed, so that a name of both always resolves
		if kept, err = h.createHolder(ctx, project, aliases, string(spec)); err != nil {
			return h.Engine.Unreachable(fmt.Errorf("keep the host names resolvable that nginx needs at its next start: %w", err))
		}
	}
	if err := h.removeOthers(ctx, there, kept); err != nil {
		return err
	}
	if kept == "" {
		return nil
	}
	return h.Engine.Unreachable(h.rename(ctx, kept, holderName(project)))
}

// usable is the holder that runs, holds what the spec says, and has no address that is fixed for a container of the
// application; empty: there is none.
func (h *Holder) usable(ctx context.Context, there []container.Summary, spec string) (id string, err error) {
	for _, row := range there {
		if row.Labels[engine.NamesHeldLabel] != spec || row.State != container.StateRunning {
			continue
		}
		taken, err := h.inTheWay(ctx, row)
		if err != nil {
			return "", err
		}
		if !taken {
			id = row.ID
		}
	}
	return id, nil
}

// removeOthers removes the holders except one.
func (h *Holder) removeOthers(ctx context.Context, there []container.Summary, kept string) error {
	for _, row := range there {
		if row.ID == kept {
			continue
		}
		if err := engine.RemoveContainer(ctx, h.Engine, row.ID); err != nil {
			return h.Engine.Unreachable(fmt.Errorf("remove %v, which keeps host names resolvable that are no longer needed: %w", row.Names, err))
		}
	}
	return nil
}

// rename gives a holder that was created next to another one its final name.
func (h *Holder) rename(ctx context.Context, id, name string) error {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := h.Engine.ContainerInspect(ctx, id)
	if err != nil || info.Name == "/"+name {
		return err
	}
	return h.Engine.ContainerRename(ctx, id, name)
}

// createHolder starts a holder of aliases, which are by network. Its name is not the final one: another holder may still have
// that. If it cannot be started, it is removed.
func (h *Holder) createHolder(ctx context.Context, project string, aliases map[string][]string, spec string) (id string, err error) {
	if !h.Engine.CanWait() {
		return "", errors.New("no executable that can wait on this engine")
	}
	if err := h.Engine.EnsureWaitImage(ctx); err != nil {
		return "", err
	}
	// The engine completes a creation even if its caller is gone; the next run finds the container by its label.
	ctx, cancel := engine.Asking(context.WithoutCancel(ctx))
	defer cancel()
	endpoints, err := h.endpoints(ctx, aliases)
	if err != nil {
		return "", err
	}
	networks := slices.Sorted(maps.Keys(aliases))
	config := &container.Config{Image: engine.WaitImage, Labels: map[string]string{engine.OwnLabel: "names", engine.NamesLabel: project, engine.NamesHeldLabel: spec}}
	host := &container.HostConfig{NetworkMode: container.NetworkMode(networks[0]), RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyUnlessStopped}}
	first := &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{networks[0]: endpoints[networks[0]]}}
	made, err := h.Engine.ContainerCreate(ctx, config, host, first, nil, engine.HelperName("names", project))
	if err != nil {
		return "", err
	}
	if err := h.join(ctx, made.ID, networks[1:], endpoints); err != nil {
		return "", errors.Join(err, engine.RemoveContainer(context.WithoutCancel(ctx), h.Engine, made.ID))
	}
	return made.ID, nil
}

// endpoints are a holder's places on the networks, each with an address that no container of the application has fixed.
func (h *Holder) endpoints(ctx context.Context, aliases map[string][]string) (map[string]*network.EndpointSettings, error) {
	all := map[string]*network.EndpointSettings{}
	for name, hosts := range aliases {
		address, err := h.holderAddress(ctx, name)
		if err != nil {
			return nil, err
		}
		all[name] = &network.EndpointSettings{Aliases: hosts, IPAMConfig: address}
	}
	return all, nil
}

// join connects a new holder to its other networks, and starts it.
func (h *Holder) join(ctx context.Context, id string, networks []string, endpoints map[string]*network.EndpointSettings) error {
	for _, name := range networks {
		if err := h.Engine.NetworkConnect(ctx, name, id, endpoints[name]); err != nil {
			return fmt.Errorf("join the network %s: %w", name, err)
		}
	}
	return h.Engine.ContainerStart(ctx, id, container.StartOptions{})
}

// holders lists the name holders of a project. There may be two after a run that was killed.
func (h *Holder) holders(ctx context.Context, project string) ([]container.Summary, error) {
	return h.Engine.Rows(ctx, "that keep host names resolvable", filters.NewArgs(filters.Arg("label", engine.NamesLabel+"="+project)))
}

// HeldNames implements model.NameHolder.
func (h *Holder) HeldNames(ctx context.Context, project string) (*model.NamesReport, error) {
	rows, err := h.holders(ctx, project)
	if err != nil {
		return nil, err
	}
	var held *model.NamesReport
	for _, row := range rows {
		var aliases map[string][]string
		if row.State != container.StateRunning || json.Unmarshal([]byte(row.Labels[engine.NamesHeldLabel]), &aliases) != nil || len(row.Names) == 0 {
			continue
		}
		if held == nil {
			held = &model.NamesReport{Container: strings.TrimPrefix(row.Names[0], "/"), Hosts: []string{}, Networks: []string{}}
		}
		for name, hosts := range aliases {
			held.Networks = append(held.Networks, name)
			held.Hosts = append(held.Hosts, hosts...)
		}
	}
	if held != nil {
		slices.Sort(held.Hosts)
		slices.Sort(held.Networks)
		held.Hosts, held.Networks = slices.Compact(held.Hosts), slices.Compact(held.Networks)
	}
	return held, nil
}
