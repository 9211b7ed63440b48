package logs

import (
	"context"
	"sync"
	"time"

	"bluegate/cmd/bluegate/ui"
	"bluegate/compose"
	"bluegate/deploy/model"
)

// followPause is the pause between two looks for containers that started.
const followPause = time.Second

// Follower shows the logs of containers as they come, of those that start later, too.
type Follower struct {
	Reader  Reader
	Options compose.LogOptions
	Out     *ui.Logs
	// List returns the containers whose logs are shown, as they are now.
	List func(context.Context) ([]model.Container, error)

	mu   sync.Mutex
	logs map[string]*followed // by the container's id
}

// followed is how far the log of a container was shown.
type followed struct {
	open bool
	last time.Time // of the last line, by the engine's clock
}

// Run returns when ctx ends, or with an error.
func (f *Follower) Run(ctx context.Context, containers []model.Container) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	defer all.Wait()
	f.logs = map[string]*followed{}
	for first := true; ; first = false {
		for _, c := range containers {
			if o, ok := f.next(c, first); ok {
				all.Go(func() {
					if err := f.follow(ctx, c, o); err != nil {
						stop(err)
					}
				})
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(followPause):
		}
		var err error
		if containers, err = f.List(ctx); err != nil {
			return err
		}
	}
}

// next says from where the log of a container is read now; ok is false if there is nothing to read. A container that
// was restarted continues where it ended, and one that came later is shown from its beginning.
func (f *Follower) next(c model.Container, first bool) (o compose.LogOptions, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.logs[c.ID]
	switch {
	case known == nil && (first || c.InUse()):
		f.logs[c.ID] = &followed{open: true}
		if first {
			return f.Options, true
		}
		return compose.LogOptions{Tail: "all", Follow: true}, true
	case known == nil || known.open || !c.InUse():
		return o, false
	case known.last.IsZero():
		o = compose.LogOptions{Tail: "all", Follow: true}
	default:
		o = compose.LogOptions{Tail: "all", Since: known.last.Add(time.Nanosecond).Format(time.RFC3339Nano), Follow: true}
	}
	known.open = true
	return o, true
}

func (f *Follower) follow(ctx context.Context, c model.Container, o compose.LogOptions) error {
	log := f.logOf(c.ID)
	err := f.Reader.Logs(ctx, c.ID, o, func(l compose.LogLine) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if l.At.After(log.last) {
			log.last = l.At
		}
		return f.Out.Line(c, ui.LogLine(l))
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	log.open = false
	return err
}

func (f *Follower) logOf(id string) *followed {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logs[id]
}
