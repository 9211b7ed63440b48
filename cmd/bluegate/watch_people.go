package main

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

// people are what a watch is for: who reads the page, and who is told.
type people struct {
	listener net.Listener
	page     page.Options
	queue    *notify.Queue
	findings []string // why somebody is not told
}

// forPeople prepares the page and the notifications. It listens already: a port that is in use is found before anything
// is watched.
func (c *command) forPeople(o config.Options, h *history.History, public bool) (*people, error) {
	targets, findings, err := c.notifyTargets(o)
	if err != nil {
		return nil, err
	}
	p := &people{queue: notify.NewQueue(targets, h), page: page.Options{Token: c.Getenv(tokenVariable), Public: public, Version: version}}
	for _, f := range findings {
		p.findings = append(p.findings, f.Message)
	}
	c.mask.Add(p.page.Token)
	if p.page.Local, err = page.CheckListen(o.Watch.Listen, p.page); err != nil {
		return nil, &model.InvalidError{Err: err}
	}
	if p.listener, err = (&net.ListenConfig{}).Listen(c.ctx, "tcp", o.Watch.Listen); err != nil {
		return nil, model.Invalid("cannot listen for the page: %v; name another address with --listen or watch.listen", err)
	}
	return p, nil
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
