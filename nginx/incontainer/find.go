package incontainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"
	"golang.org/x/sync/errgroup"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
)

// Label marks nginx's container where several could be meant. Its value is the project, or empty.
const Label = "bluegate.nginx"

// Search looks among the engine's containers.
type Search struct {
	Engine *client.Client
	Opts   instance.Options
	Dir    *model.Addresses

	mu         sync.Mutex
	mentioning []*Nginx        // nginxes that run and mention a service in another form
	Passed     []model.Finding // nginxes that could not be read, and might have been meant
}

func (s *Search) open(ctx context.Context, id string) (*Nginx, error) {
	return Open(ctx, s.Engine, s.Opts, s.Dir.Project(), id)
}

// Find looks for nginx: the container, or the Compose service, that the options name, else the labelled one, else the one
// that is on a network of the colours and whose configuration names an address of either, among those in which an nginx
// master runs and, failing these, among those that would start one. It returns nil when there is none.
func (s *Search) Find(ctx context.Context) (*Nginx, error) {
	if s.Opts.Container != "" {
		found, err := s.open(ctx, s.Opts.Container)
		if errdefs.IsNotFound(err) {
			return s.ofService(ctx, s.Opts.Container)
		}
		if errors.Is(err, agent.ErrNoMaster) {
			err = fmt.Errorf("container %q: %w", s.Opts.Container, err)
		}
		return found, err
	}
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	rows, err := s.Engine.ContainerList(ask, container.ListOptions{All: true})
	if err != nil {
		return nil, fmt.Errorf("list containers to find nginx: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(row container.Summary) bool {
		return s.owns(row) || engine.IsOwn(row.Labels)
	})
	if labelled := slices.DeleteFunc(slices.Clone(rows), func(row container.Summary) bool { return !labelled(row, s.Dir.Project()) }); len(labelled) > 0 {
		return s.theOne(ctx, labelled, func(context.Context, *Nginx) (bool, error) { return true, nil })
	}
	rows = slices.DeleteFunc(rows, func(row container.Summary) bool { return !s.Dir.OnNetwork(networksOf(row)) && !s.Dir.Publishes() })
	running := slices.DeleteFunc(slices.Clone(rows), func(row container.Summary) bool { return row.State != container.StateRunning })
	if found, err := s.theOne(ctx, running, s.namesColour); found != nil || err != nil {
		return found, err
	}
	stopped := slices.DeleteFunc(rows, func(row container.Summary) bool {
		return row.State == container.StateRunning || !strings.Contains(row.Command, "nginx")
	})
	if found, err := s.theOne(ctx, stopped, s.namesColour); found != nil || err != nil {
		return found, err
	}
	// One that mentions a service in another form is the application's nginx all the same.
	return single(s.mentioning)
}

// owns says whether a container is of a service of the colours: of Compose, or of a stack.
func (s *Search) owns(row container.Summary) bool {
	stack := row.Labels["com.docker.stack.namespace"]
	return s.Dir.Owns(row.Labels["com.docker.compose.project"], row.Labels["com.docker.compose.service"]) ||
		stack != "" && s.Dir.Owns(stack, strings.TrimPrefix(row.Labels[swarmService], stack+"_"))
}

// swarmService is Docker's label of a container that is a task of a Swarm service.
const swarmService = "com.docker.swarm.service.name"

// ofService looks for the container of a Compose service: in the colours' own projects, and failing these in any.
func (s *Search) ofService(ctx context.Context, service string) (*Nginx, error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	rows, err := s.Engine.ContainerList(ask, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "com.docker.compose.service="+service))})
	if err != nil {
		return nil, fmt.Errorf("list the containers of service %q: %w", service, err)
	}
	near := slices.DeleteFunc(slices.Clone(rows), func(row container.Summary) bool { return !s.Dir.InProject(row.Labels["com.docker.compose.project"]) })
	if len(near) > 0 {
		rows = near
	}
	if len(rows) == 1 {
		found, err := s.open(ctx, rows[0].ID)
		if errors.Is(err, agent.ErrNoMaster) {
			err = fmt.Errorf("service %q: %w", service, err)
		}
		return found, err
	}
	return s.theOne(ctx, rows, func(context.Context, *Nginx) (bool, error) { return true, nil })
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

// theOne is the single nginx that is wanted, of those that the rows hold.
func (s *Search) theOne(ctx context.Context, rows []container.Summary, wanted func(context.Context, *Nginx) (bool, error)) (*Nginx, error) {
	var mu sync.Mutex
	var found []*Nginx
	err := s.each(ctx, rows, func(ctx context.Context, i *Nginx) (keep bool, err error) {
		ok, err := wanted(ctx, i)
		if ok {
			mu.Lock()
			defer mu.Unlock()
			found = append(found, i)
		}
		return ok, err
	})
	if err != nil {
		return nil, err
	}
	return single(found)
}

// each opens containers next to each other, at most eight at once, and calls do for those that hold an nginx. What do does
// not keep is closed: one that is chosen all the same starts its agent again. A container that ends or is removed meanwhile is
// passed over, whatever was answered about it.
func (s *Search) each(ctx context.Context, rows []container.Summary, do func(context.Context, *Nginx) (keep bool, err error)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, row := range rows {
		group.Go(func() error {
			i, err := s.open(ctx, row.ID)
			if errors.Is(err, agent.ErrNoMaster) {
				return nil
			}
			keep := false
			if err == nil {
				keep, err = do(ctx, i)
			}
			if i != nil && !keep {
				err = errors.Join(err, i.Close(context.WithoutCancel(ctx)))
			}
			if err != nil && s.passing(ctx, row) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

// single is the one that was found, if any. That several could be meant is an error.
func single(found []*Nginx) (*Nginx, error) {
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	}
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = f.Name
	}
	slices.Sort(names)
	return nil, &model.UnreachableError{What: "nginx", Err: fmt.Errorf("several containers could be meant: %s; label one with %s or name it in bluegate.yml (nginx.container)", strings.Join(names, ", "), Label)}
}

// passing says whether a container changed its state while it was looked at: someone else's, that is being stopped or
// removed. What the engine answers about such a one is no fault.
func (s *Search) passing(ctx context.Context, row container.Summary) bool {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	for range passingLooks {
		info, err := s.Engine.ContainerInspect(ctx, row.ID)
		if errdefs.IsNotFound(err) || err == nil && info.State.Status != row.State {
			return true
		}
		if model.Sleep(ctx, passingPause) != nil {
			return false
		}
	}
	return false
}

// A container that is being stopped or removed is shown for a moment as it was.
const (
	passingLooks = 5
	passingPause = 300 * time.Millisecond
)

func (s *Search) pass(c *Nginx, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Passed = append(s.Passed, model.Finding{
		Code: "nginx-passed-by", Place: c.Name,
		Message: fmt.Sprintf("%s holds an nginx whose configuration cannot be read: %v", c, why),
		Cost:    "if it is the one that serves the application, it was not found",
		Remedy:  fmt.Sprintf("# mend its configuration; or, if it is meant, say so in bluegate.yml:\nnginx: {container: %s}\n# or by a label of its container:\nlabels: {%s: %s}", c.Name, Label, s.Dir.Project()),
	})
}

// namesColour says whether an nginx's configuration names an address of a colour, as nginx sees it. It remembers one that
// only mentions a service where traffic may depend on it: at another port, or by another name.
func (s *Search) namesColour(ctx context.Context, i *Nginx) (bool, error) {
	if i.main == "" {
		return false, nil
	}
	dir := s.seen(i)
	tree, err := conf.LoadTree(i.Files(ctx), i.main)
	var syntax *conf.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, fs.ErrNotExist) {
		s.pass(i, err)
		return false, nil // another nginx, it may be, with troubles of its own
	}
	if err != nil {
		return false, err
	}
	names, err := mode.NamesAny(tree, dir)
	if names || err != nil {
		return true, nil
	}
	if r, err := mode.ReferencesOf(tree, dir); err == nil && i.IsRunning() && len(r.Mentions(mode.Scope{})) > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.mentioning = append(s.mentioning, i)
	}
	return false, nil
}

// seen is the directory as an nginx sees it: the names are another application's where it is on none of the networks.
func (s *Search) seen(i *Nginx) *model.Addresses {
	dir := instance.SeenBy(i, s.Dir)
	if !dir.OnNetwork(i.networks()) {
		return dir.OnlyPublished()
	}
	return dir
}

// Missing lists the containers that the user may have meant instead of the one that is not there.
func (s *Search) Missing(ctx context.Context) (*model.MissingNginx, error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	rows, err := s.Engine.ContainerList(ask, container.ListOptions{All: true})
	if err != nil {
		return nil, fmt.Errorf("list containers to find nginx: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(row container.Summary) bool {
		return s.owns(row) || engine.IsOwn(row.Labels) || row.State != container.StateRunning && !strings.Contains(row.Command, "nginx")
	})
	missing := &model.MissingNginx{Name: s.Opts.Container, Place: s.Opts.NamedAt}
	var mu sync.Mutex
	err = s.each(ctx, rows, func(ctx context.Context, i *Nginx) (keep bool, err error) {
		names, err := s.namesColour(ctx, i)
		if err != nil {
			return false, err
		}
		mu.Lock()
		defer mu.Unlock()
		missing.Candidates = append(missing.Candidates, i.Name)
		if names {
			missing.Mentions = append(missing.Mentions, i.Name)
		}
		return false, nil
	})
	slices.Sort(missing.Candidates)
	slices.Sort(missing.Mentions)
	return missing, err
}
