package watch

import (
	"context"
	"maps"
	"slices"
	"time"
)

// State implements Reader.
func (w *Watcher) State() State {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.state
	s.At = time.Now()
	s.Checks = slices.Clone(s.Checks)
	s.Trouble = []string{}
	for _, what := range slices.Sorted(maps.Keys(w.trouble)) {
		s.Trouble = append(s.Trouble, w.trouble[what])
	}
	if text := w.History.Trouble(); text != "" {
		s.Trouble = append(s.Trouble, text)
	}
	s.Healing = HealingState{On: w.Heal.Mode, Restarts: len(w.healing.recent(s.At.Add(-w.Heal.Within))), Stopped: w.healing.Stopped}
	return s
}

// check finds a check of the state. It is there.
func (s *State) check(name string) *CheckState {
	s.Checks = slices.Clone(s.Checks) // the state before was handed out
	return &s.Checks[slices.IndexFunc(s.Checks, func(c CheckState) bool { return c.Name == name })]
}

// update changes the state, and tells the readers.
func (w *Watcher) update(do func(s *State)) {
	w.mu.Lock()
	do(&w.state)
	w.mu.Unlock()
	w.readers.Signal()
}

// suffer notes a trouble of the watch itself, or that it is over.
func (w *Watcher) suffer(what, text string) {
	w.mu.Lock()
	was := w.trouble[what]
	if w.trouble[what] = text; text == "" {
		delete(w.trouble, what)
	}
	w.mu.Unlock()
	if was != text {
		if text != "" {
			w.say("%s", text)
		}
		w.readers.Signal()
	}
}

// Subscribe implements Reader.
func (w *Watcher) Subscribe(ctx context.Context) <-chan struct{} { return w.readers.Subscribe(ctx) }

// Samples implements Reader.
func (w *Watcher) Samples(ctx context.Context, check string, from, to time.Time, resolution time.Duration) ([]Bucket, error) {
	return w.History.Samples(ctx, check, from, to, resolution)
}

// Changes implements Reader.
func (w *Watcher) Changes(ctx context.Context, from, to time.Time) ([]Change, error) {
	return w.History.Changes(ctx, from, to)
}

// Deployments implements Reader.
func (w *Watcher) Deployments(ctx context.Context, from, to time.Time) ([]Deployment, error) {
	return w.History.Deployments(ctx, from, to)
}

// Notes implements Reader.
func (w *Watcher) Notes(ctx context.Context, from, to time.Time) ([]Note, error) {
	return w.History.Notes(ctx, from, to)
}
