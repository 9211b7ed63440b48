package incontainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/compose/engine"
	"bluegate/nginx/agent"
	"bluegate/nginx/instance"
	"bluegate/nginx/lint"
)

// LintInput implements instance.Instance.
func (c *Nginx) LintInput(ctx context.Context, paths []string) (lint.Surroundings, error) {
	s := lint.Surroundings{Name: c.Name, Folder: lint.NewFolder(c.Info.Config.Labels["com.docker.compose.project.working_dir"]), Layer: func(file string) bool { return c.kept(file).Kind == lint.InLayer }, Stored: map[string]lint.Storage{}}
	if c.Running {
		said, err := c.Exec(ctx, c.command, "-v")
		if err != nil {
			return s, err
		}
		s.Version = lint.ParseVersion(said.Stderr)
		now, err := c.Processes(ctx)
		if err != nil {
			return s, err
		}
		s.First = c.first(now)
	}
	edited, err := c.edited(ctx)
	if err != nil {
		return s, err
	}
	files := c.Files(ctx)
	for _, file := range paths {
		e, real, err := files.Entry(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a flag's file may be absent
			return s, err
		}
		at := c.kept(real)
		at.Inside = path.Dir(real)
		if at.Kind == lint.InLayer && !edited(real) {
			at.Kind = lint.InImage
		}
		at.Host, at.Git = instance.Tracked(ctx, at.Host, e.Content)
		s.Stored[file] = at
	}
	return s, nil
}

// first is the title of the container's first process. An init of the engine's own is not in the container's command.
func (c *Nginx) first(s agent.Snapshot) string {
	switch host := c.Info.HostConfig; {
	case s.Master.PID == c.firstProcess():
		return s.Master.Title
	case host != nil && host.Init != nil && *host.Init:
		return "docker-init"
	}
	return strings.Join(append([]string{c.Info.Path}, c.Info.Args...), " ")
}

// kept says where a file of the container lies.
func (c *Nginx) kept(file string) lint.Storage {
	if target, ok := c.TmpfsOf(file); ok {
		return lint.Storage{Kind: lint.InMemory, Target: target}
	}
	at := lint.Storage{Kind: lint.InLayer}
	if m, ok := MountOf(c.Info, file); ok {
		at = lint.Storage{Kind: lint.InDirectory, Source: m.Source, Target: m.Destination}
		switch {
		case m.Type == mount.TypeVolume:
			at.Kind, at.Source = lint.InVolume, m.Name
		case m.Destination == file:
			at.Kind, at.Host = lint.InFile, m.Source
		default:
			at.Host = path.Join(m.Source, strings.TrimPrefix(file, m.Destination))
		}
	}
	return at
}

// edited tells what was changed in the container's own layer since it was made from its image.
func (c *Nginx) edited(ctx context.Context) (func(string) bool, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	changes, err := c.Engine.ContainerDiff(ctx, c.ID())
	if err != nil {
		return nil, fmt.Errorf("ask what was changed in %s: %w", c, err)
	}
	return func(file string) bool {
		return slices.ContainsFunc(changes, func(change container.FilesystemChange) bool { return change.Path == file })
	}, nil
}
