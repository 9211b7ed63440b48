package swarm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/swarm"
	"golang.org/x/sync/errgroup"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// slotsLabel is the names of the slots that a retired service had.
const slotsLabel = "bluegate.slots"

// nowhere is a constraint that no node meets: a global service has no number of tasks that could be 0.
const nowhere = "node.id == bluegate-retired"

// isRetired says that a service has no tasks because it is kept for a rollback, or because someone scaled it to 0.
func isRetired(spec swarm.ServiceSpec) bool {
	if r := spec.Mode.Replicated; r != nil {
		return r.Replicas != nil && *r.Replicas == 0
	}
	return spec.TaskTemplate.Placement != nil && slices.Contains(spec.TaskTemplate.Placement.Constraints, nowhere)
}

// retired is a service without tasks, which remembers those that it had.
func retired(spec swarm.ServiceSpec, suffixes []string) swarm.ServiceSpec {
	labels := map[string]string{slotsLabel: strings.Join(suffixes, ",")}
	switch {
	case spec.Mode.Replicated != nil:
		labels[replicasLabel] = strconv.FormatUint(replicasOf(spec), 10)
		none := uint64(0)
		spec.Mode.Replicated = &swarm.ReplicatedService{Replicas: &none}
	case spec.Mode.Global != nil:
		placement := swarm.Placement{}
		if p := spec.TaskTemplate.Placement; p != nil {
			placement = *p
		}
		placement.Constraints = append(slices.Clone(placement.Constraints), nowhere)
		spec.TaskTemplate.Placement = &placement
	}
	spec.Labels = withLabels(spec.Labels, labels)
	return spec
}

// revived is a service that was retired, with its tasks.
func revived(spec swarm.ServiceSpec) swarm.ServiceSpec {
	switch {
	case spec.Mode.Replicated != nil:
		n, err := strconv.ParseUint(spec.Labels[replicasLabel], 10, 64)
		if err != nil || n == 0 {
			n = uint64(len(strings.Split(cmp.Or(spec.Labels[slotsLabel], "1"), ",")))
		}
		spec.Mode.Replicated = &swarm.ReplicatedService{Replicas: &n}
	case spec.TaskTemplate.Placement != nil:
		placement := *spec.TaskTemplate.Placement
		placement.Constraints = slices.DeleteFunc(slices.Clone(placement.Constraints), func(c string) bool { return c == nowhere })
		spec.TaskTemplate.Placement = &placement
	}
	return spec
}

// serviceOf is a service of which containers are to be stopped or removed.
type serviceOf struct {
	name, release string
	suffixes      []string
}

// servicesOf are the services of containers.
func servicesOf(containers []model.Container) (all []*serviceOf) {
	for _, c := range containers {
		name, suffix := c.Project+"_"+c.Service, strings.TrimPrefix(c.Name, c.Project+"_"+c.Service+".")
		i := slices.IndexFunc(all, func(s *serviceOf) bool { return s.name == name && s.release == c.Release })
		if i < 0 {
			i, all = len(all), append(all, &serviceOf{name: name, release: c.Release})
		}
		all[i].suffixes = append(all[i].suffixes, suffix)
	}
	return all
}

// find returns the service as it is now. A service of none of the releases that has its name is not the one.
func (s *Stack) find(ctx context.Context, name string, releases ...string) (found swarm.Service, there bool, err error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	found, _, err = s.engine.ServiceInspectWithRaw(ctx, name, swarm.ServiceInspectOptions{})
	if errdefs.IsNotFound(err) {
		return found, false, nil
	}
	if err != nil {
		return found, false, s.engine.SwarmUnreachable(fmt.Errorf("inspect service %s: %w", name, err))
	}
	return found, found.Spec.Name == name && slices.Contains(releases, found.Spec.Labels[engine.ReleaseLabel]), nil
}

// outOfSequence says that someone else changed an object since it was read.
func outOfSequence(err error) bool { return strings.Contains(err.Error(), "update out of sequence") }

func isInUse(err error) bool {
	text := err.Error()
	return errdefs.IsConflict(err) || strings.Contains(text, "in use") || strings.Contains(text, "active endpoints")
}

// change changes a service of a release. Where someone else changes it at the same time, it reads it again.
func (s *Stack) change(ctx context.Context, name string, to func(swarm.ServiceSpec) swarm.ServiceSpec, releases ...string) (changed swarm.Service, there bool, err error) {
	for range 5 {
		found, there, err := s.find(ctx, name, releases...)
		if err != nil || !there {
			return found, there, err
		}
		_, err = ask(ctx, s, "update service "+name, func(ctx context.Context) (swarm.ServiceUpdateResponse, error) {
			return s.engine.ServiceUpdate(ctx, found.ID, found.Version, to(found.Spec), swarm.ServiceUpdateOptions{})
		})
		if err == nil || !outOfSequence(err) {
			return found, true, err
		}
	}
	return changed, true, fmt.Errorf("update service %s: someone else changes it again and again", name)
}

// Retire implements model.Stack: the services of the containers have no tasks any more, and stay.
func (s *Stack) Retire(ctx context.Context, containers []model.Container) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, service := range servicesOf(containers) {
		group.Go(func() error {
			found, there, err := s.change(ctx, service.name, func(spec swarm.ServiceSpec) swarm.ServiceSpec {
				if isRetired(spec) {
					return spec
				}
				return retired(spec, service.suffixes)
			}, service.release)
			if err != nil || !there {
				return err
			}
			return s.ended(ctx, found, "stop")
		})
	}
	return group.Wait()
}

// ended waits until no task of a service runs any more. The Swarm gives each its stop_grace_period.
func (s *Stack) ended(ctx context.Context, service swarm.Service, what string) error {
	grace := 10 * time.Second // the engine's own default
	if c := service.Spec.TaskTemplate.ContainerSpec; c != nil && c.StopGracePeriod != nil {
		grace = *c.StopGracePeriod
	}
	limited, cancel := context.WithTimeout(ctx, grace+engine.KillLimit)
	defer cancel()
	left := ""
	err := wait(limited, func(ctx context.Context) (bool, error) {
		tasks, err := s.tasks(ctx, service.Spec.Labels[stackLabel]) // a service that was removed is no filter any more
		if err != nil {
			return false, err
		}
		nodes, _ := s.nodesOf(ctx, tasks)
		left = ""
		for _, t := range tasks {
			if t.ServiceID == service.ID && !hasEnded(t) && !s.nodes.lost(t) {
				left = fmt.Sprintf("%s on node %s is %s", t.ID, nodeName(nodes, t.NodeID), t.Status.State)
			}
		}
		return left == "", nil
	})
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s service %s: after %s a task has not ended: %s", what, service.Spec.Name, grace+engine.KillLimit, left)
	}
	return err
}

// Remove implements model.Stack: the services of the containers are removed, with the secrets and configs that only they
// used. The networks of the stack stay for its next release.
func (s *Stack) Remove(ctx context.Context, containers []model.Container) error {
	group, removing := errgroup.WithContext(ctx)
	stacks := map[string]bool{}
	for _, c := range containers {
		stacks[c.Project] = true
	}
	for _, service := range servicesOf(containers) {
		group.Go(func() error { return s.remove(removing, service) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for stack := range stacks {
		if err := s.forgetContents(ctx, stack); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) remove(ctx context.Context, service *serviceOf) error {
	found, there, err := s.find(ctx, service.name, service.release)
	if err != nil || !there {
		return err
	}
	asking, cancel := engine.Asking(ctx)
	defer cancel()
	if err := s.engine.ServiceRemove(asking, found.ID); err != nil && !errdefs.IsNotFound(err) {
		return s.engine.SwarmUnreachable(fmt.Errorf("remove service %s: %w", service.name, err))
	}
	return s.ended(ctx, found, "remove")
}
