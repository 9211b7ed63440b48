package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
)

// throwaway is a container that tests a configuration. It implements trial.
type throwaway struct {
	nginx *contained
	id    string
}

// trial implements place. The throwaway is of nginx's image, in nginx's network namespace, where its names resolve.
func (c *contained) trial(ctx context.Context, change model.Change) (trial, error) {
	id, err := c.createTrial(ctx, change)
	if err != nil {
		return nil, err
	}
	return &throwaway{nginx: c, id: id}, nil
}

func (t *throwaway) end(ctx context.Context) error { return t.nginx.removeOwn(ctx, t.id) }

// createTrial makes the throwaway: all that nginx mounts, but for the mounts that hold changed files, which are copied
// into it with the changes.
func (c *contained) createTrial(ctx context.Context, change model.Change) (string, error) {
	files, mounts, memories, err := c.trialFiles(ctx, change)
	if err != nil {
		return "", err
	}
	info := c.info
	id, err := c.createOwn(ctx, "trial", &container.Config{
		Entrypoint: []string{c.command}, Cmd: append([]string{"-t"}, c.flags...), Env: info.Config.Env, User: info.Config.User, WorkingDir: info.Config.WorkingDir,
	}, &container.HostConfig{NetworkMode: c.network(), Mounts: mounts, Tmpfs: memories})
	if err != nil {
		return "", err
	}
	ask, cancel := asking(ctx)
	defer cancel()
	content, err := tarOf(files)
	if err == nil {
		err = c.engine.CopyToContainer(ask, id, "/", content, container.CopyToContainerOptions{})
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("copy the coming configuration beside %s: %w", c, err), c.removeOwn(context.WithoutCancel(ctx), id))
	}
	return id, nil
}

// trialFiles are the files that the throwaway's image and mounts do not show: the whole configuration as nginx has it,
// with the changes in it; and the mounts, and each tmpfs, that nothing is copied into.
func (c *contained) trialFiles(ctx context.Context, change model.Change) (map[string]fsys.Entry, []mount.Mount, map[string]string, error) {
	src := c.files(ctx).(*archive)
	coming := map[string][]byte{}
	replaced := map[string]bool{} // destinations of mounts that are copied instead
	files := map[string]fsys.Entry{}
	for _, f := range change.Files {
		e, real, err := fsys.Locate(src, f)
		if err != nil {
			return nil, nil, nil, err
		}
		// What is to be absent is empty: the throwaway cannot be without a file of its image.
		e.Content, e.Link = f.New, f.Link
		files[real], coming[real] = e, f.New
		for _, name := range []string{f.Path, real} {
			if _, memory := c.memoryOf(name); memory {
				continue
			}
			if m, ok := mountOf(c.info, name); ok {
				replaced[m.Destination] = true
			}
		}
	}
	if err := c.addTree(src, files, coming, replaced); err != nil {
		return nil, nil, nil, err
	}
	memories, err := c.addMemories(src, files, coming)
	if err != nil {
		return nil, nil, nil, err
	}
	var mounts []mount.Mount
	for _, m := range c.info.Mounts {
		if !replaced[m.Destination] && m.Type != mount.TypeTmpfs { // each tmpfs is listed elsewhere
			// nginx -t opens the log files, so it must be able to write where nginx is.
			mounts = append(mounts, remount(m, !m.RW))
		}
	}
	for name := range files {
		// What a kept mount shows need not be copied, and cannot be.
		_, memory := c.memoryOf(name)
		if m, ok := mountOf(c.info, name); ok && !memory && !replaced[m.Destination] {
			delete(files, name)
		}
	}
	return files, mounts, memories, nil
}

// addMemories adds what lies in a tmpfs, which a program that made it at the start may have written. What holds more
// than configuration does is empty for the throwaway, and so is each tmpfs that it keeps.
func (c *contained) addMemories(src *archive, files map[string]fsys.Entry, coming map[string][]byte) (map[string]string, error) {
	kept := map[string]string{}
	for _, target := range c.memories() {
		tree, err := src.tree(target)
		if err != nil {
			return nil, err
		}
		copied := false
		for name, e := range tree {
			if under(name, target) {
				copied = true
				if _, changed := coming[name]; !changed {
					files[name] = e
				}
			}
		}
		for name := range coming {
			copied = copied || under(name, target)
		}
		if !copied {
			kept[target] = c.info.HostConfig.Tmpfs[target]
		}
	}
	return kept, nil
}

// addTree adds what stands beside the main file (it may have been written after the container was made) and what the
// replaced mounts hold.
func (c *contained) addTree(src *archive, files map[string]fsys.Entry, coming map[string][]byte, replaced map[string]bool) error {
	dirs := []string{path.Dir(c.main)}
	for dir := range replaced {
		if files[dir].Content == nil { // a mounted directory, not a mounted file
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		tree, real, err := src.dir(dir)
		if err != nil {
			return err
		}
		for name, e := range tree {
			if _, changed := coming[name]; !changed && under(name, real) {
				files[name] = e
			}
		}
	}
	return nil
}

func (t *throwaway) run(ctx context.Context) (code int64, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	ended, failed := t.nginx.engine.ContainerWait(ctx, t.id, container.WaitConditionNextExit)
	if err := t.nginx.engine.ContainerStart(ctx, t.id, container.StartOptions{}); err != nil {
		return 0, "", err
	}
	select {
	case err := <-failed:
		return 0, "", err
	case end := <-ended:
		code = end.StatusCode
	}
	if code == 0 {
		return 0, "", nil
	}
	logs, err := t.nginx.engine.ContainerLogs(ctx, t.id, container.LogsOptions{ShowStderr: true, Tail: "50"})
	if err != nil {
		return 0, "", err
	}
	defer logs.Close()
	var stderr bytes.Buffer
	_, err = stdcopy.StdCopy(&stderr, &stderr, logs)
	return code, stderr.String(), err
}
