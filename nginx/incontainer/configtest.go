package incontainer

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
	"bluegate/nginx/instance"
)

// Throwaway is a container that tests a configuration. It implements trial.
type Throwaway struct {
	Nginx *Nginx
	Id    string
}

// ConfigTest implements instance.Instance. The throwaway is of nginx's image, in nginx's network namespace, where its names resolve.
func (c *Nginx) ConfigTest(ctx context.Context, change model.Change) (instance.ConfigTest, error) {
	id, err := c.createTrial(ctx, change)
	if err != nil {
		return nil, err
	}
	return &Throwaway{Nginx: c, Id: id}, nil
}

// End removes the container.
func (t *Throwaway) End(ctx context.Context) error { return t.Nginx.removeOwn(ctx, t.Id) }

// createTrial makes the throwaway.
func (c *Nginx) createTrial(ctx context.Context, change model.Change) (string, error) {
	set, err := c.copied(ctx, change)
	if err != nil {
		return "", err
	}
	info := c.Info
	id, err := c.createOwn(ctx, "trial", &container.Config{
		Entrypoint: []string{c.command}, Cmd: append([]string{"-t"}, c.Flags...), Env: info.Config.Env, User: info.Config.User, WorkingDir: info.Config.WorkingDir,
	}, &container.HostConfig{NetworkMode: c.network(), Mounts: set.mounts, Tmpfs: set.tmpfs})
	if err != nil {
		return "", err
	}
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	content, err := TarOf(set.files)
	if err == nil {
		err = c.Engine.CopyToContainer(ask, id, "/", content, container.CopyToContainerOptions{})
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

func (c *Nginx) copied(ctx context.Context, change model.Change) (copiedSet, error) {
	src := c.Files(ctx)
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
				if _, within := MountOf(c.Info, path.Dir(name)); within { // which shows another file at that path
					folders[path.Dir(name)] = true
				}
			} else {
				folders[path.Dir(name)] = true
			}
		}
	}
	if _, mounted := MountOf(c.Info, c.main); !mounted { // it may have been written after the container was made
		folders[path.Dir(c.main)] = true
	}
	if c.Running {
		for _, target := range c.tmpfs() {
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
func (set *copiedSet) addMounts(c *Nginx, folders, alone map[string]bool, large []string) {
	for _, m := range c.Info.Mounts {
		if at := path.Clean(m.Destination); m.Type != mount.TypeTmpfs && !alone[at] && !folders[at] {
			set.mounts = append(set.mounts, Remount(c.Info, m, !m.RW)) // nginx -t opens the log files
		}
	}
	for dir := range folders {
		if _, mounted := MountOf(c.Info, dir); mounted {
			if _, memory := c.TmpfsOf(dir); !memory {
				set.mounts = append(set.mounts, mount.Mount{Type: mount.TypeVolume, Target: dir, VolumeOptions: &mount.VolumeOptions{NoCopy: true}})
			}
		}
	}
	for _, name := range large {
		own, copied := set.mountOf(name)
		if m, mounted := MountOf(c.Info, name); mounted && copied && own.Source == "" {
			set.mounts = append(set.mounts, mount.Mount{Type: mount.TypeBind, ReadOnly: true, Target: name,
				Source: path.Join(m.Source, strings.TrimPrefix(name, path.Clean(m.Destination)))})
		}
	}
	for _, target := range c.tmpfs() {
		copied := false
		for name := range set.files {
			copied = copied || fsys.Under(name, target)
		}
		if !copied {
			set.tmpfs[target] = c.Info.HostConfig.Tmpfs[target]
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

// Run runs the test once, for at most 30 seconds. said is what nginx wrote, its last 50 lines; where the test passed it is empty.
// An error says that it could not be run, and nothing about the configuration.
func (t *Throwaway) Run(ctx context.Context) (code int64, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	ended, failed := t.Nginx.Engine.ContainerWait(ctx, t.Id, container.WaitConditionNextExit)
	if err := t.Nginx.Engine.ContainerStart(ctx, t.Id, container.StartOptions{}); err != nil {
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
	logs, err := t.Nginx.Engine.ContainerLogs(ctx, t.Id, container.LogsOptions{ShowStderr: true, Tail: "50"})
	if err != nil {
		return 0, "", err
	}
	defer logs.Close()
	var stderr bytes.Buffer
	_, err = stdcopy.StdCopy(&stderr, &stderr, logs)
	return code, stderr.String(), err
}
