package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/compose/engine"
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

// createTrial makes the throwaway.
func (c *contained) createTrial(ctx context.Context, change model.Change) (string, error) {
	set, err := c.copied(ctx, change)
	if err != nil {
		return "", err
	}
	info := c.info
	id, err := c.createOwn(ctx, "trial", &container.Config{
		Entrypoint: []string{c.command}, Cmd: append([]string{"-t"}, c.flags...), Env: info.Config.Env, User: info.Config.User, WorkingDir: info.Config.WorkingDir,
	}, &container.HostConfig{NetworkMode: c.network(), Mounts: set.mounts, Tmpfs: set.tmpfs})
	if err != nil {
		return "", err
	}
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	content, err := tarOf(set.files)
	if err == nil {
		err = c.engine.CopyToContainer(ask, id, "/", content, container.CopyToContainerOptions{})
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("copy the coming configuration beside %s: %w", c, err), c.removeOwn(context.WithoutCancel(ctx), id))
	}
	return id, nil
}

// A copiedSet is what the throwaway has besides its image: all mounts as nginx has them, except that the folders of the
// changed files are copies with the changes in them, because nothing of nginx's own may change for a test.
type copiedSet struct {
	files  fsys.Tree // to be copied, by their real paths
	mounts []mount.Mount
	tmpfs  map[string]string
}

func (c *contained) copied(ctx context.Context, change model.Change) (copiedSet, error) {
	src := c.files(ctx)
	set := copiedSet{files: fsys.Tree{}, tmpfs: map[string]string{}}
	folders := map[string]bool{} // that are copied
	alone := map[string]bool{}   // mounts of one changed file
	coming := fsys.Tree{}
	for _, f := range change.Files {
		e, real, err := fsys.Locate(src, f)
		if err != nil {
			return set, err
		}
		dir, err := src.RealDir(path.Dir(f.Path))
		if err != nil {
			return set, err
		}
		// What is to be absent is empty: the throwaway cannot be without a file of its image.
		e.Content, e.Link = f.New, f.Link
		coming[real] = e
		for _, name := range []string{path.Join(dir, path.Base(f.Path)), real} {
			if c.mountedAlone(name) {
				alone[name] = true
			} else {
				folders[path.Dir(name)] = true
			}
		}
	}
	if _, mounted := mountOf(c.info, c.main); !mounted { // it may have been written after the container was made
		folders[path.Dir(c.main)] = true
	}
	if c.running {
		for _, target := range c.memories() {
			folders[target] = true
		}
	}
	large, err := set.copyFolders(src, folders)
	if err != nil {
		return set, err
	}
	maps.Copy(set.files, coming)
	set.addMounts(c, folders, alone, large)
	maps.DeleteFunc(set.files, func(name string, _ fsys.Entry) bool {
		m, ok := set.mountOf(name)
		return ok && m.Source != "" // what a kept mount shows need not be copied, and is the user's
	})
	return set, nil
}

// copyFolders adds what is below folders, and returns what is too large to be copied. A folder that holds more than a
// configuration does is left out.
func (set *copiedSet) copyFolders(src fsys.Source, folders map[string]bool) (large []string, err error) {
	for dir := range folders {
		tree, _, err := src.Tree(dir)
		if errors.Is(err, fsys.ErrTooMuch) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for name, e := range tree {
			if e.Large {
				large = append(large, name)
			} else {
				set.files[name] = e
			}
		}
	}
	return large, nil
}

// addMounts adds nginx's mounts, an empty volume in the place of each folder of a mount that is copied, and in these the
// large files, which are mounted one by one.
func (set *copiedSet) addMounts(c *contained, folders, alone map[string]bool, large []string) {
	for _, m := range c.info.Mounts {
		if at := path.Clean(m.Destination); m.Type != mount.TypeTmpfs && !alone[at] && !folders[at] {
			set.mounts = append(set.mounts, remount(m, !m.RW)) // nginx -t opens the log files
		}
	}
	for dir := range folders {
		if _, mounted := mountOf(c.info, dir); mounted {
			if _, memory := c.memoryOf(dir); !memory {
				set.mounts = append(set.mounts, mount.Mount{Type: mount.TypeVolume, Target: dir, VolumeOptions: &mount.VolumeOptions{NoCopy: true}})
			}
		}
	}
	for _, name := range large {
		own, copied := set.mountOf(name)
		if m, mounted := mountOf(c.info, name); mounted && copied && own.Source == "" {
			set.mounts = append(set.mounts, mount.Mount{Type: mount.TypeBind, ReadOnly: true, Target: name,
				Source: path.Join(m.Source, strings.TrimPrefix(name, path.Clean(m.Destination)))})
		}
	}
	for _, target := range c.memories() {
		copied := false
		for name := range set.files {
			copied = copied || fsys.Under(name, target)
		}
		if !copied {
			set.tmpfs[target] = c.info.HostConfig.Tmpfs[target]
		}
	}
}

// mountOf is the throwaway's mount in which a file lies.
func (set *copiedSet) mountOf(name string) (best mount.Mount, ok bool) {
	for _, m := range set.mounts {
		if fsys.Under(name, m.Target) && (!ok || len(m.Target) > len(best.Target)) {
			best, ok = m, true
		}
	}
	return best, ok
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
