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
	"golang.org/x/sync/errgroup"

	"bluegate/deploy"
)

// Rehearse implements deploy.Router. The coming configuration is tested in a throwaway container of nginx's image, in
// nginx's network namespace, where its names resolve: never in the live file. Beside it the helper starts.
func (r *Router) Rehearse(ctx context.Context, change deploy.Change) error {
	group, both := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		if r.help == nil {
			r.help, err = r.accompany(both, change.Files)
		}
		return err
	})
	group.Go(func() error { return r.try(both, change) })
	return unreachable(group.Wait())
}

// registration is how long a container's name may take to appear in the engine's DNS.
const registration = 5 * time.Second

func (r *Router) try(ctx context.Context, change deploy.Change) error {
	id, err := r.createTrial(ctx, change)
	if err != nil {
		return err
	}
	defer func() { _ = r.removeOwn(context.WithoutCancel(ctx), id) }()
	for began := time.Now(); ; {
		code, said, err := r.runTrial(ctx, id)
		if err != nil {
			return fmt.Errorf("test the coming configuration of %s: %w", r.found, err)
		}
		if code == 0 {
			return nil
		}
		if _, name := unresolved(said); !name || time.Since(began) > registration {
			return deploy.Refuse(deploy.NginxTestFailed, "%s would not load the coming configuration: %s", r.found, complaint(said))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// createTrial makes the throwaway: all that nginx mounts, but for the mounts that hold changed files, which are copied
// into it with the changes.
func (r *Router) createTrial(ctx context.Context, change deploy.Change) (string, error) {
	files, mounts, err := r.trialFiles(ctx, change)
	if err != nil {
		return "", err
	}
	info := r.found.info
	id, err := r.createOwn(ctx, "trial", &container.Config{
		Entrypoint: []string{r.found.command}, Cmd: append([]string{"-t"}, r.found.flags...), Env: info.Config.Env, User: info.Config.User, WorkingDir: info.Config.WorkingDir,
	}, &container.HostConfig{NetworkMode: r.network(), Mounts: mounts, Tmpfs: info.HostConfig.Tmpfs})
	if err != nil {
		return "", err
	}
	ask, cancel := asking(ctx)
	defer cancel()
	content, err := tarOf(files)
	if err == nil {
		err = r.engine.CopyToContainer(ask, id, "/", content, container.CopyToContainerOptions{})
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("copy the coming configuration beside %s: %w", r.found, err), r.removeOwn(context.WithoutCancel(ctx), id))
	}
	return id, nil
}

// trialFiles are the files that the throwaway's image and mounts do not show: the whole configuration as nginx has it,
// with the changes in it.
func (r *Router) trialFiles(ctx context.Context, change deploy.Change) (map[string]entry, []mount.Mount, error) {
	src := newSource(ctx, r.engine, r.found.id())
	coming := map[string][]byte{}
	replaced := map[string]bool{} // destinations of mounts that are copied instead
	files := map[string]entry{}
	for _, f := range change.Files {
		e, real, err := src.entry(f.Path)
		if err != nil {
			return nil, nil, err
		}
		e.content = f.New
		files[real], coming[real] = e, f.New
		for _, name := range []string{f.Path, real} {
			if m, ok := mountOf(r.found.info, name); ok {
				replaced[m.Destination] = true
			}
		}
	}
	if err := r.addTree(src, files, coming, replaced); err != nil {
		return nil, nil, err
	}
	var mounts []mount.Mount
	for _, m := range r.found.info.Mounts {
		if !replaced[m.Destination] && m.Type != mount.TypeTmpfs {
			// nginx -t opens the log files, so it must be able to write where nginx is.
			mounts = append(mounts, remount(m, !m.RW))
		}
	}
	for name := range files {
		// What a kept mount shows need not be copied, and cannot be.
		if m, ok := mountOf(r.found.info, name); ok && !replaced[m.Destination] {
			delete(files, name)
		}
	}
	return files, mounts, nil
}

// addTree adds what stands beside the main file (it may have been written after the container was made) and what the
// replaced mounts hold.
func (r *Router) addTree(src *source, files map[string]entry, coming map[string][]byte, replaced map[string]bool) error {
	dirs := []string{path.Dir(r.found.main)}
	for dir := range replaced {
		if files[dir].content == nil { // a mounted directory, not a mounted file
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

func (r *Router) runTrial(ctx context.Context, id string) (code int64, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	ended, failed := r.engine.ContainerWait(ctx, id, container.WaitConditionNextExit)
	if err := r.engine.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
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
	logs, err := r.engine.ContainerLogs(ctx, id, container.LogsOptions{ShowStderr: true, Tail: "50"})
	if err != nil {
		return 0, "", err
	}
	defer logs.Close()
	var stderr bytes.Buffer
	_, err = stdcopy.StdCopy(&stderr, &stderr, logs)
	return code, stderr.String(), err
}
