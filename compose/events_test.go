package compose

import (
	"context"
	"testing"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/docker/api/types/container"

	"bluegate/deploy/model"
)

// Events of the application's containers are its own; a restart is reported, and a container that did not run runs
// afterwards.
func TestEventsAndRestart(t *testing.T) {
	b := newBench(t)
	s := &Stack{engine: b.Engine}
	app := model.Application{Models: map[model.Colour]model.Model{model.Blue: {Colour: model.Blue, ComposeProject: b.ID}}}
	ctx, cancel := context.WithCancel(t.Context())
	events := s.Events(ctx, app)
	own := b.Run(container.Config{Labels: map[string]string{api.ProjectLabel: b.ID}}, container.HostConfig{})
	foreign := b.Run(container.Config{}, container.HostConfig{})
	await := func(what string, is func(Event) bool) {
		t.Helper()
		for e := range events {
			if is(e) {
				return
			}
		}
		t.Fatalf("no event: %s", what)
	}
	c, err := s.container(model.Blue, b.Inspect(own))
	if err != nil {
		t.Fatal(err)
	}
	started := b.Inspect(own).State.StartedAt
	for range 2 { // running, then stopped
		if err := s.Restart(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		await("the restart", func(e Event) bool { return e.ID == own && e.Own && !e.Made })
		if now := b.Inspect(own).State; !now.Running || now.StartedAt == started {
			t.Errorf("running %t, started at %s, before at %s", now.Running, now.StartedAt, started)
		}
		if err := b.Engine.ContainerStop(t.Context(), own, container.StopOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Remove(t.Context(), []model.Container{{ID: foreign, Name: "foreign"}}); err != nil {
		t.Fatal(err)
	}
	await("the removal of another one's", func(e Event) bool { return e.ID == foreign && e.Made && !e.Own })
	cancel()
	for range events { // closed
	}
	if err := s.Restart(t.Context(), model.Container{ID: foreign, Name: "foreign"}); err == nil {
		t.Error("what is gone was restarted")
	}
}
