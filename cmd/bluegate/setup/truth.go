package setup

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

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
		if row.Labels[engine.OwnLabel] != "" || row.Labels[engine.SweepLabel] != "" || len(row.Names) == 0 {
			continue
		}
		all = append(all, runningOf(row))
	}
	return all, nil
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
