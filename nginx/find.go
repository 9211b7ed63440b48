package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"golang.org/x/sync/errgroup"

	"bluegate/deploy"
	"bluegate/nginx/conf"
)

// Label marks nginx's container where several could be meant. Its value is the project, or empty.
const Label = "bluegate.nginx"

// instance is the nginx that was found.
type instance struct {
	info    container.InspectResponse
	name    string
	main    string // path of its main configuration file
	command string
	flags   []string
	running bool
}

func (i *instance) id() string     { return i.info.ID }
func (i *instance) String() string { return fmt.Sprintf("container %q", i.name) }

// mainFiles are where nginx's main configuration is when its command line does not say.
var mainFiles = []string{"/etc/nginx/nginx.conf", "/usr/local/openresty/nginx/conf/nginx.conf", "/usr/local/nginx/conf/nginx.conf"}

// find looks for nginx: the container that the options name, else the labelled one, else the one that is on a network of
// the colours and whose configuration names an address of either, among those in which an nginx master runs and, failing
// these, among those that would start one. It returns nil when there is none.
func (r *Router) find(ctx context.Context, dir *deploy.Directory) (*instance, error) {
	if r.opts.Container != "" {
		found, err := r.open(ctx, r.opts.Container)
		if errdefs.IsNotFound(err) {
			return nil, nil
		}
		if errors.Is(err, errNoMaster) {
			err = fmt.Errorf("container %q: %w", r.opts.Container, err)
		}
		return found, err
	}
	ask, cancel := asking(ctx)
	defer cancel()
	rows, err := r.engine.ContainerList(ask, container.ListOptions{All: true})
	if err != nil {
		return nil, fmt.Errorf("list containers to find nginx: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(row container.Summary) bool {
		return dir.Owns(row.Labels["com.docker.compose.project"], row.Labels["com.docker.compose.service"]) || row.Labels[SweepLabel] != ""
	})
	if labelled := slices.DeleteFunc(slices.Clone(rows), func(row container.Summary) bool { return !labelled(row, dir.Project()) }); len(labelled) > 0 {
		return r.theOne(ctx, labelled, func(*instance) (bool, error) { return true, nil })
	}
	rows = slices.DeleteFunc(rows, func(row container.Summary) bool { return !dir.OnNetwork(networksOf(row)) })
	names := func(i *instance) (bool, error) { return r.namesColour(ctx, i, dir) }
	running := slices.DeleteFunc(slices.Clone(rows), func(row container.Summary) bool { return row.State != container.StateRunning })
	if found, err := r.theOne(ctx, running, names); found != nil || err != nil {
		return found, err
	}
	stopped := slices.DeleteFunc(rows, func(row container.Summary) bool {
		return row.State == container.StateRunning || !strings.Contains(row.Command, "nginx")
	})
	return r.theOne(ctx, stopped, names)
}

func networksOf(row container.Summary) []string {
	if row.NetworkSettings == nil {
		return nil
	}
	return slices.Collect(maps.Keys(row.NetworkSettings.Networks))
}

// labelled says whether a container is marked as the nginx of a project; a label without a value is for all projects.
func labelled(row container.Summary, project string) bool {
	value, ok := row.Labels[Label]
	return ok && (value == "" || value == "true" || value == project)
}

// theOne opens the rows side by side and returns the single one that is wanted.
func (r *Router) theOne(ctx context.Context, rows []container.Summary, wanted func(*instance) (bool, error)) (*instance, error) {
	var mu sync.Mutex
	var found []*instance
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, row := range rows {
		group.Go(func() error {
			i, err := r.open(ctx, row.ID)
			if errors.Is(err, errNoMaster) {
				return nil
			}
			ok := false
			if err == nil {
				ok, err = wanted(i)
			}
			if err != nil && r.passing(ctx, row) {
				return nil
			}
			if ok {
				mu.Lock()
				defer mu.Unlock()
				found = append(found, i)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	}
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = f.name
	}
	slices.Sort(names)
	return nil, &deploy.UnreachableError{What: "nginx", Err: fmt.Errorf("several containers could be meant: %s; label one with %s or name it in bluegate.yml (nginx.container)", strings.Join(names, ", "), Label)}
}

// passing says whether a container changed its state while it was looked at: somebody else's, that is being stopped or
// removed. What the engine answers about such a one is no fault.
func (r *Router) passing(ctx context.Context, row container.Summary) bool {
	ctx, cancel := asking(ctx)
	defer cancel()
	info, err := r.engine.ContainerInspect(ctx, row.ID)
	return errdefs.IsNotFound(err) || err == nil && info.State.Status != row.State
}

// open inspects a container and says how nginx runs in it; errNoMaster when it runs and no nginx does.
func (r *Router) open(ctx context.Context, id string) (*instance, error) {
	ask, cancel := asking(ctx)
	defer cancel()
	info, err := r.engine.ContainerInspect(ask, id)
	if err != nil {
		return nil, fmt.Errorf("inspect container %s: %w", id, err)
	}
	i := &instance{info: info, name: strings.TrimPrefix(info.Name, "/"), command: "nginx"}
	i.running = info.State.Running && !info.State.Restarting && !info.State.Paused
	if i.running {
		s, err := r.processes(ctx, info.ID)
		if err != nil {
			return nil, err
		}
		i.command, i.flags = s.command()
	} else {
		i.flags = configFlags(append([]string{info.Path}, info.Args...))
	}
	i.main, err = r.mainFile(ctx, i)
	return i, err
}

func configFlags(words []string) (flags []string) {
	for at := 0; at+1 < len(words); at++ {
		if words[at] == "-c" || words[at] == "-p" {
			flags = append(flags, words[at], words[at+1])
		}
	}
	return flags
}

func (r *Router) mainFile(ctx context.Context, i *instance) (string, error) {
	candidates := mainFiles
	if at := slices.Index(i.flags, "-c"); at >= 0 {
		file := i.flags[at+1]
		if !path.IsAbs(file) {
			prefix := "/etc/nginx"
			if p := slices.Index(i.flags, "-p"); p >= 0 {
				prefix = i.flags[p+1]
			}
			file = path.Join(prefix, file)
		}
		candidates = []string{file}
	}
	for _, file := range candidates {
		ask, cancel := asking(ctx)
		_, err := r.engine.ContainerStatPath(ask, i.id(), file)
		cancel()
		if err == nil {
			return file, nil
		}
		if !errdefs.IsNotFound(err) {
			return "", fmt.Errorf("look at %s in %s: %w", file, i, err)
		}
	}
	return "", nil
}

func (r *Router) namesColour(ctx context.Context, i *instance, dir *deploy.Directory) (bool, error) {
	if i.main == "" {
		return false, nil
	}
	tree, err := conf.LoadTree(newSource(ctx, r.engine, i.id()), i.main)
	var syntax *conf.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, fs.ErrNotExist) {
		return false, nil // another nginx, with troubles of its own
	}
	if err != nil {
		return false, err
	}
	points, err := pointsOf(tree, dir)
	return len(points) > 0 || err != nil, nil
}
