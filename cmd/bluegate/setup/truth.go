package setup

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/swarm"

	"bluegate/cmd/bluegate/adopt"
	"bluegate/compose/connect"
	"bluegate/compose/engine"
)

// whatRuns lists the containers that run on the engine, without bluegate's own.
func whatRuns(ctx context.Context, conn *connect.Connection) (adopt.Truth, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	rows, err := conn.Client.ContainerList(ctx, container.ListOptions{})
	if err != nil {
		return nil, conn.Unreachable(fmt.Errorf("list the containers that run: %w", err))
	}
	var all adopt.Truth
	for _, row := range rows {
		if engine.IsOwn(row.Labels) || len(row.Names) == 0 {
			continue
		}
		all = append(all, runningOf(row))
	}
	return all, nil
}

// swarmOf says whether the engine is a manager of a Swarm, and which stacks it runs.
func swarmOf(ctx context.Context, conn *connect.Connection) (adopt.Swarm, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := conn.Client.Info(ctx)
	if err != nil {
		return adopt.Swarm{}, conn.Unreachable(fmt.Errorf("ask the engine for its Swarm: %w", err))
	}
	if !info.Swarm.ControlAvailable {
		return adopt.Swarm{}, nil
	}
	services, err := conn.Client.ServiceList(ctx, swarm.ServiceListOptions{})
	if err != nil {
		return adopt.Swarm{}, conn.SwarmUnreachable(fmt.Errorf("list the services of the Swarm: %w", err))
	}
	out := adopt.Swarm{Manager: true}
	for _, s := range services {
		if stack := s.Spec.Labels["com.docker.stack.namespace"]; stack != "" && !slices.Contains(out.Stacks, stack) {
			out.Stacks = append(out.Stacks, stack)
		}
	}
	return out, nil
}

func runningOf(row container.Summary) adopt.Running {
	r := adopt.Running{
		ID: row.ID, Name: strings.TrimPrefix(row.Names[0], "/"), Image: row.Image, Command: row.Command,
		Project: row.Labels[api.ProjectLabel], Service: row.Labels[api.ServiceLabel], Folder: row.Labels[api.WorkingDirLabel],
		Files: listed(row.Labels[api.ConfigFilesLabel]), EnvFiles: listed(row.Labels[api.EnvironmentFileLabel]),
	}
	for _, p := range row.Ports {
		if p.Type == "tcp" && p.PublicPort != 0 {
			r.Ports = append(r.Ports, adopt.Port{Host: int(p.PublicPort), Container: int(p.PrivatePort)})
		}
	}
	for _, m := range row.Mounts {
		if m.Type == mount.TypeBind {
			r.Mounts = append(r.Mounts, adopt.Mount{From: m.Source, To: m.Destination})
		}
	}
	return r
}

// listed splits a label that lists absolute paths.
func listed(label string) (paths []string) {
	for _, p := range strings.Split(label, ",") {
		if p != "" {
			paths = append(paths, filepath.Clean(p))
		}
	}
	return paths
}
