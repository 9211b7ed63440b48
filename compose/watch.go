package compose

import (
	"context"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"

	"bluegate/deploy/model"
)

// tick is the interval at which the containers are listed, in addition to the events: one request, whatever the number
// of containers.
const tick = time.Second

// Watch implements model.Stack. An event only triggers an inspection; the inspection says what is true.
func (s *Stack) Watch(ctx context.Context, m model.Model, release string) <-chan model.ContainerEvent {
	w := &watcher{stack: s, model: m, release: release, out: make(chan model.ContainerEvent), rows: map[string]string{}, probes: map[string]probeState{}}
	go w.run(ctx)
	return w.out
}

type watcher struct {
	stack   *Stack
	model   model.Model
	release string
	out     chan model.ContainerEvent
	rows    map[string]string // by id: its row in the list when it was last inspected
	probes  map[string]probeState
}

// probeState is what the last inspection said about a container's probes.
type probeState struct {
	healthy bool
	failing bool // the last probe failed
}

func (w *watcher) run(ctx context.Context) {
	defer close(w.out)
	for ctx.Err() == nil {
		w.follow(ctx)
	}
}

// follow watches until the event stream breaks. Without a stream, each tick inspects every container: the list does not
// show restarts and failing probes.
func (w *watcher) follow(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := ofProject(w.model, w.release)
	f.Add("type", string(events.ContainerEventType))
	messages, broken := w.stack.engine.Events(ctx, events.ListOptions{Filters: f})
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	w.scan(ctx, true)
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-messages:
			w.handleEvent(ctx, m)
		case <-ticker.C:
			w.scan(ctx, false)
		case err := <-broken:
			w.send(ctx, model.ContainerEvent{Trouble: w.stack.engine.Unreachable(err)})
			select {
			case <-ctx.Done():
			case <-ticker.C: // the next round inspects every container
			}
			return
		}
	}
}

// handleEvent inspects the container of an event if the event can change what the gate decides on. Each probe of each
// container is an exec with three events. Only the end of a probe that failed on a healthy container, or that passed
// after such a failure, tells anything that a health_status event does not.
func (w *watcher) handleEvent(ctx context.Context, m events.Message) {
	switch m.Action {
	case events.ActionDestroy:
		w.gone(ctx, m.Actor.ID)
		return
	case events.ActionExecDie:
		p, passed := w.probes[m.Actor.ID], m.Actor.Attributes["exitCode"] == "0"
		if !p.healthy || passed != p.failing {
			return
		}
	case events.ActionCreate, events.ActionStart, events.ActionDie, events.ActionOOM, events.ActionPause, events.ActionUnPause,
		events.ActionRestart, events.ActionStop, events.ActionKill,
		events.ActionHealthStatusHealthy, events.ActionHealthStatusUnhealthy:
	default:
		return
	}
	w.inspect(ctx, m.Actor.ID, m.Action == events.ActionOOM)
}

// scan lists the release's containers and inspects those whose row has changed, or all of them.
func (w *watcher) scan(ctx context.Context, all bool) {
	list, err := w.stack.list(ctx, w.model, w.release)
	if err != nil {
		w.send(ctx, model.ContainerEvent{Trouble: err})
		return
	}
	there := map[string]bool{}
	for _, row := range list {
		there[row.ID] = true
		if text := rowText(row); all || w.rows[row.ID] != text {
			w.inspect(ctx, row.ID, false)
			w.rows[row.ID] = text
		}
	}
	for id := range w.rows {
		if !there[id] {
			w.inspect(ctx, id, false) // a container that is missing from the list may still exist
		}
	}
}

// rowText is what the list says about a container's state, without the elapsed time: "Up 3 seconds (healthy)", "Exited
// (0) 5 seconds ago".
func rowText(row container.Summary) string {
	detail := ""
	if open := strings.LastIndexByte(row.Status, '('); open >= 0 {
		detail, _, _ = strings.Cut(row.Status[open:], ")")
	}
	return string(row.State) + detail
}

func (w *watcher) inspect(ctx context.Context, id string, oom bool) {
	c, err := w.stack.inspectRetrying(ctx, w.model, id)
	switch {
	case errdefs.IsNotFound(err):
		w.gone(ctx, id)
	case err != nil:
		w.send(ctx, model.ContainerEvent{Trouble: err})
	default:
		c.Sample.OOMKilled = c.Sample.OOMKilled || oom
		w.probes[id] = probeState{healthy: c.Health == "healthy", failing: c.Sample.FailingStreak > 0}
		if _, known := w.rows[id]; !known {
			w.rows[id] = ""
		}
		w.send(ctx, model.ContainerEvent{Sample: c.Sample})
	}
}

func (w *watcher) gone(ctx context.Context, id string) {
	delete(w.rows, id)
	delete(w.probes, id)
	w.send(ctx, model.ContainerEvent{Gone: id})
}

func (w *watcher) send(ctx context.Context, seen model.ContainerEvent) {
	select {
	case w.out <- seen:
	case <-ctx.Done():
	}
}
