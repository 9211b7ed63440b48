package watching

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"golang.org/x/sync/errgroup"

	"bluegate/cmd/bluegate/config"
	"bluegate/deploy/model"
	"bluegate/watch"
	"bluegate/watch/history"
	"bluegate/watch/notify"
	"bluegate/watch/page"
)

// TokenVariable is the environment variable with the token of the page.
const TokenVariable = "BLUEGATE_WATCH_TOKEN"

// people are what a watch is for: who reads the page, and who is told.
type people struct {
	listener net.Listener
	page     page.Options
	queue    *notify.Queue
	findings []string // why somebody is not told
}

// forPeople prepares the page and the notifications. It listens already: a port that is in use is found before anything
// is watched.
func (p Process) forPeople(ctx context.Context, o config.Options, h *history.History, public bool) (*people, error) {
	targets, findings, err := Targets(o)
	if err != nil {
		return nil, err
	}
	all := &people{queue: notify.NewQueue(targets, h), page: page.Options{Token: p.Getenv(TokenVariable), Public: public, Version: p.Version}}
	for _, f := range findings {
		all.findings = append(all.findings, f.Message)
	}
	p.Mask.Add(all.page.Token)
	if all.page.Local, err = page.CheckListen(o.Watch.Listen, all.page); err != nil {
		return nil, &model.InvalidError{Err: err}
	}
	if all.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", o.Watch.Listen); err != nil {
		return nil, model.Invalid("cannot listen for the page: %v; name another address with --listen or watch.listen", err)
	}
	return all, nil
}

// run watches, serves the page and tells people until ctx ends.
func (p *people) run(ctx context.Context, w *watch.Watcher) error {
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error {
		if err := w.Run(ctx); err != nil {
			return err
		}
		return context.Canceled // ends the others
	})
	both.Go(func() error {
		if err := page.New(ctx, troubled{w, p}, p.page).Serve(ctx, p.listener); err != nil {
			return fmt.Errorf("serve the page: %w", err)
		}
		return nil
	})
	both.Go(func() error { p.queue.Run(ctx); return nil })
	both.Go(func() error { p.queue.Remind(ctx, w.State); return nil })
	if err := both.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// troubled is a watch with the trouble of those who are to be told.
type troubled struct {
	*watch.Watcher
	people *people
}

// State implements watch.Reader.
func (t troubled) State() watch.State {
	s := t.Watcher.State()
	s.Trouble = slices.Concat(s.Trouble, t.people.findings, t.people.queue.Trouble())
	return s
}
