package swarm

import (
	"context"
	"fmt"
	"time"

	"bluegate/compose"
	"bluegate/deploy/model"
)

// lookEvery is the pause between two looks at the tasks: the engine has no events of them.
const lookEvery = 2 * time.Second

// Events reports changes of this engine's containers and of the colours' tasks until ctx ends; then the channel is closed.
func (s *Stack) Events(ctx context.Context, app model.Application) <-chan compose.Event {
	out := make(chan compose.Event)
	containers := s.files.Events(ctx, app)
	go func() {
		defer close(out)
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		before, known := "", false
		for {
			select {
			case <-ctx.Done():
				return
			case e, open := <-containers:
				if !open {
					return
				}
				send(ctx, out, e)
			case <-ticker.C:
				now, err := s.summary(ctx, app)
				if err != nil { // the next look at the application says so
					continue
				}
				if known && now != before {
					send(ctx, out, compose.Event{ID: "tasks", Own: true, Made: true})
				}
				before, known = now, true
			}
		}
	}()
	return out
}

// summary is a text that differs when a task of a colour has changed.
func (s *Stack) summary(ctx context.Context, app model.Application) (text string, err error) {
	for _, colour := range model.Colours {
		tasks, err := s.tasks(ctx, app.Models[colour].ComposeProject)
		if err != nil {
			return "", err
		}
		for _, t := range tasks {
			text += fmt.Sprintln(t.ID, t.Status.State, t.DesiredState)
		}
	}
	return text, nil
}

func send(ctx context.Context, out chan<- compose.Event, e compose.Event) {
	select {
	case out <- e:
	case <-ctx.Done():
	}
}
