package swarm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/cli/cli/command"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
)

// Up implements model.Stack. The Swarm starts the tasks of a service by itself. So Up calls created before the first service
// is created, when everything else is there. It runs the one-shots to their end before it creates the others, all at once,
// and returns when a task of each of these runs: only then is the name of the service known.
func (s *Stack) Up(ctx context.Context, m model.Model, release string, created func(context.Context) error) error {
	c, o := s.stacks[m.Colour], origin{s.name, release, m.Colour}
	if c == nil {
		return errors.New("the stack's files were not read")
	}
	// The Swarm completes a creation even if its caller is gone. So a creation is not cancelled: when Up returns, all that it
	// creates exists. Each request has its own limit.
	creating := context.WithoutCancel(ctx)
	file, content, err := c.contents(o)
	if err != nil {
		return err
	}
	images, err := s.images(creating, m)
	if err != nil {
		return err
	}
	if err := s.createNetworks(creating, c); err != nil {
		return err
	}
	if err := s.ensure(creating, &content); err != nil {
		return err
	}
	specs, err := c.specs(file, content.known, o, images)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := created(ctx); err != nil {
		return err
	}
	once, err := s.createAll(ctx, creating, m, specs, true)
	if err == nil && len(once) > 0 {
		err = s.reach(ctx, m.ComposeProject, once, swarm.TaskStateComplete)
	}
	if err != nil {
		return err
	}
	made, err := s.createAll(ctx, creating, m, specs, false)
	if err != nil {
		return err
	}
	return s.reach(ctx, m.ComposeProject, made, swarm.TaskStateRunning)
}

// createAll creates the one-shots of a release, or its other services, and returns the ids of those that have tasks.
func (s *Stack) createAll(ctx, creating context.Context, m model.Model, specs map[string]swarm.ServiceSpec, oneShots bool) (made []string, err error) {
	for _, service := range m.Services {
		if service.OneShot != oneShots {
			continue
		}
		if err := ctx.Err(); err != nil {
			return made, context.Cause(ctx)
		}
		id, err := s.create(creating, specs[service.Name])
		if err != nil {
			return made, err
		}
		if service.Replicas > 0 {
			made = append(made, id)
		}
	}
	return made, nil
}

// reach waits until a task of each service has come to a state. Whoever watches says why one does not.
func (s *Stack) reach(ctx context.Context, stack string, services []string, state swarm.TaskState) error {
	return wait(ctx, func(ctx context.Context) (bool, error) {
		tasks, err := s.tasks(ctx, stack)
		if model.Is[*model.UnreachableError](err) { // whoever watches says so
			return false, nil
		}
		without := slices.DeleteFunc(slices.Clone(services), func(id string) bool {
			return slices.ContainsFunc(tasks, func(t swarm.Task) bool { return t.ServiceID == id && t.Status.State == state })
		})
		return len(without) == 0, err
	})
}

// create creates a service, with the credentials of the docker command for the registry of its image.
func (s *Stack) create(ctx context.Context, spec swarm.ServiceSpec) (id string, err error) {
	auth, err := command.RetrieveAuthTokenFromImage(s.conn.ConfigFile(), spec.TaskTemplate.ContainerSpec.Image)
	if err != nil {
		return "", fmt.Errorf("read the credentials for the registry of %s: %w", spec.TaskTemplate.ContainerSpec.Image, err)
	}
	made, err := ask(ctx, s, "create service "+spec.Name, func(ctx context.Context) (swarm.ServiceCreateResponse, error) {
		return s.engine.ServiceCreate(ctx, spec, swarm.ServiceCreateOptions{EncodedRegistryAuth: auth})
	})
	return made.ID, err
}

// images are what the manager's engine has of a colour's images. Those that came from a registry are named with their
// digest, so that every node runs the same.
func (s *Stack) images(ctx context.Context, m model.Model) (map[string]image, error) {
	held, err := s.Images(ctx, m)
	if err != nil {
		return nil, err
	}
	all := map[string]image{}
	for _, service := range m.Services {
		img, _ := model.ImageOf(held, service.Name)
		one := image{ref: service.Image, id: img.ID, probe: plan.EffectiveProbe(service, img)}
		if img.FromPull {
			digests, err := s.repoDigests(ctx, service.Image)
			if err != nil {
				return nil, err
			}
			one.ref = pinned(service.Image, digests)
		}
		all[service.Name] = one
	}
	return all, nil
}

func (s *Stack) repoDigests(ctx context.Context, ref string) ([]string, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := s.engine.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return nil, nil
	}
	return info.RepoDigests, s.engine.Unreachable(err)
}

// createNetworks creates the networks of the stack that are not there. One that the Swarm is still removing is created once
// it is gone.
func (s *Stack) createNetworks(ctx context.Context, c *config) error {
	networks, _ := c.networks(*c.Config)
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if err := s.createNetwork(ctx, name, networks[name]); err != nil {
			return err
		}
	}
	return nil
}

// removalLasts is how long the Swarm may take to remove a network: it waits for the nodes.
const removalLasts = 30 * time.Second

func (s *Stack) createNetwork(ctx context.Context, name string, options network.CreateOptions) error {
	ctx, cancel := context.WithTimeout(ctx, removalLasts)
	defer cancel()
	var last error
	err := wait(ctx, func(ctx context.Context) (bool, error) {
		there, err := s.networkNamed(ctx, name)
		if err != nil || there {
			return there, err
		}
		_, err = ask(ctx, s, "create network "+name, func(ctx context.Context) (network.CreateResponse, error) {
			return s.engine.NetworkCreate(ctx, name, options)
		})
		if errdefs.IsConflict(err) {
			last = err
			return false, nil
		}
		return err == nil, err
	})
	if last != nil && errors.Is(err, context.DeadlineExceeded) {
		return last
	}
	return err
}

// networkNamed says whether the Swarm has a network of exactly this name.
func (s *Stack) networkNamed(ctx context.Context, name string) (bool, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := s.engine.NetworkInspect(ctx, name, network.InspectOptions{Scope: "swarm"})
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil && info.Name == name, s.engine.SwarmUnreachable(err)
}
