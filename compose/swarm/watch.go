package swarm

import (
	"context"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/swarm"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// Watch implements model.Stack. The engine has no events of tasks: they are listed again and again, with one request for
// the whole stack. A task is told of when it has changed.
func (s *Stack) Watch(ctx context.Context, m model.Model, release string) <-chan model.ContainerEvent {
	w := &watcher{stack: s, model: m, release: release, out: make(chan model.ContainerEvent, atOnce), services: map[string]swarm.Service{}, foreign: map[string]bool{}, told: map[string]string{}}
	go w.run(ctx)
	return w.out
}

// atOnce is how many changes the gate takes before it decides again.
const atOnce = 1024

type watcher struct {
	stack    *Stack
	model    model.Model
	release  string
	out      chan model.ContainerEvent
	services map[string]swarm.Service // of the release, by id
	foreign  map[string]bool          // services that are not, by id
	told     map[string]string        // by task: what of it was told
}

func (w *watcher) run(ctx context.Context) {
	defer close(w.out)
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			w.send(ctx, model.ContainerEvent{Trouble: err})
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look lists the tasks, and tells what has changed. The tasks that failed come first: they say why there is another one.
func (w *watcher) look(ctx context.Context) error {
	tasks, err := w.stack.tasks(ctx, w.model.ComposeProject)
	if err != nil {
		return err
	}
	if err := w.learn(ctx, tasks); err != nil {
		return err
	}
	nodes, err := w.stack.nodesOf(ctx, tasks)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, service := range w.services {
		for _, one := range slotsOf(service, tasks, nodes) {
			for i := len(one.tasks) - 1; i >= 0; i-- {
				t := one.tasks[i]
				if there[t.ID] = true; i == 0 || endedItself(t) && t.Status.State != swarm.TaskStateRejected {
					w.tell(ctx, one, t)
				}
			}
		}
	}
	for id := range w.told {
		if !there[id] {
			delete(w.told, id)
			w.send(ctx, model.ContainerEvent{Gone: id})
		}
	}
	return nil
}

// learn asks for the services when a task is of one that is not known.
func (w *watcher) learn(ctx context.Context, tasks []swarm.Task) error {
	known := true
	for _, t := range tasks {
		_, ours := w.services[t.ServiceID]
		known = known && (ours || w.foreign[t.ServiceID])
	}
	if known {
		return nil
	}
	services, err := w.stack.ownServices(ctx, w.model)
	if err != nil {
		return err
	}
	for _, service := range services {
		if w.release == "" || service.Spec.Labels[engine.ReleaseLabel] == w.release {
			w.services[service.ID] = service
		}
	}
	for _, t := range tasks {
		if _, ours := w.services[t.ServiceID]; !ours {
			w.foreign[t.ServiceID] = true
		}
	}
	return nil
}

func (w *watcher) tell(ctx context.Context, one slot, t swarm.Task) {
	text := fmt.Sprint(t.Status.State, t.DesiredState, t.Status.Err)
	if w.told[t.ID] == text {
		return
	}
	w.told[t.ID] = text
	w.send(ctx, model.ContainerEvent{Sample: w.stack.sample(ctx, one, t)})
}

func (w *watcher) send(ctx context.Context, seen model.ContainerEvent) {
	select {
	case w.out <- seen:
	case <-ctx.Done():
	}
}
