package compose

import (
	"context"
	"time"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"bluegate/deploy/model"
)

// eventPause is the pause before a broken event stream is opened again.
const eventPause = time.Second

// Event says that a container changed. An inspection says what is true.
type Event struct {
	ID string
	// Own says that the container is of the application's Compose projects.
	Own bool
	// Made says that the container was created or removed.
	Made bool
}

// Events reports changes of the containers on the engine until ctx ends; then the channel is closed. A broken stream is
// opened again, and what was missed in between is reported as one Event without an id.
func (s *Stack) Events(ctx context.Context, app model.Application) <-chan Event {
	out := make(chan Event)
	go func() {
		defer close(out)
		for ctx.Err() == nil {
			s.follow(ctx, app, out)
			select {
			case <-ctx.Done():
				return
			case <-time.After(eventPause):
			}
			send(ctx, out, Event{})
		}
	}()
	return out
}

func (s *Stack) follow(ctx context.Context, app model.Application, out chan<- Event) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := filters.NewArgs(filters.Arg("type", string(events.ContainerEventType)))
	// Probes and helpers make most of the events; an event "exec_die" tells nothing that a change of the health does not.
	for _, action := range []events.Action{events.ActionCreate, events.ActionStart, events.ActionDie, events.ActionOOM, events.ActionPause, events.ActionUnPause, events.ActionDestroy, "health_status"} {
		f.Add("event", string(action))
	}
	messages, broken := s.engine.Events(ctx, events.ListOptions{Filters: f})
	for {
		select {
		case <-ctx.Done():
			return
		case <-broken:
			return
		case m := <-messages:
			e := Event{ID: m.Actor.ID, Made: m.Action == events.ActionCreate || m.Action == events.ActionDestroy}
			for _, colour := range app.Models {
				e.Own = e.Own || m.Actor.Attributes[api.ProjectLabel] == colour.ComposeProject
			}
			send(ctx, out, e)
		}
	}
}

func send(ctx context.Context, out chan<- Event, e Event) {
	select {
	case out <- e:
	case <-ctx.Done():
	}
}
