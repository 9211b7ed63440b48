// Package watching wires a watch: the application that is watched, its history, the page, and those who are told.
package watching

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/watch"
	"bluegate/watch/history"
)

// Process is what a watch has of the process that runs it.
type Process struct {
	Getenv  func(string) string
	Out     io.Writer // for what is said
	Mask    *redact.Redactor
	Version string
	Quiet   bool // nothing is said
}

// application connects to the application; nil: there is none, because only watch.checks is set.
func (p Process) application(ctx context.Context, o config.Options) (*application, error) {
	if _, err := o.Compose.FilesFound(); err != nil && o.Watch.Alone {
		return nil, nil
	}
	shown := progress.Options{Mode: progress.Plain}
	if p.Quiet {
		shown.Mode = progress.NoLines
	}
	return newApplication(ctx, o, p.Mask, func(ctx context.Context) model.Progress {
		return progress.Redacted{Progress: progress.New(ctx, p.Out, p.Getenv, shown), Redactor: p.Mask}
	})
}

// Watch watches until ctx ends, which is no error.
func (p Process) Watch(ctx context.Context, o config.Options, public bool) error {
	app, err := p.application(ctx, o)
	if err != nil {
		return err
	}
	w, h, err := p.watcher(ctx, o, app)
	if err != nil {
		return err
	}
	defer h.Close()
	if app != nil {
		defer app.end(ctx)
	}
	for _, f := range Findings(o) {
		w.Say("%s", f.Message)
	}
	people, err := p.forPeople(ctx, o, h, public)
	if err != nil {
		return err
	}
	w.Notifier = people.queue
	w.Say("watching %s every %s; page: http://%s; history: %s", w.Project, w.Every, people.listener.Addr(), h.Path())
	return people.run(ctx, w)
}

// watcher wires the watch.
func (p Process) watcher(ctx context.Context, o config.Options, app *application) (*watch.Watcher, *history.History, error) {
	project := cmp.Or(o.Compose.Name, filepath.Base(o.Compose.Dir))
	if app != nil {
		project = app.project
	}
	path, err := HistoryPath(o, project, p.Getenv)
	if err != nil {
		return nil, nil, err
	}
	h, err := history.Open(ctx, path, history.Options{Days: o.Watch.KeepDays, MB: o.Watch.KeepMB})
	if err != nil {
		return nil, nil, &model.InvalidError{Err: err}
	}
	w := &watch.Watcher{
		Settings: watch.Settings{
			Project: project, Every: o.Watch.Every, DownAfter: o.Watch.DownAfter, UpAfter: o.Watch.UpAfter,
			Heal: watch.Budget{Mode: o.Watch.OnUnhealthy, Restarts: o.Watch.Restarts, Within: o.Watch.Within, Backoff: o.Watch.Backoff},
		},
		Asker: newAskAlone(o), Questions: clientQuestions(o), History: h, Notifier: watch.Nobody{}, Self: &watch.Self{Reference: o.Watch.Reference}, Mask: p.Mask.Text,
		Say: func(format string, args ...any) {
			if !p.Quiet {
				fmt.Fprintf(p.Out, "%s %s\n", time.Now().Format(time.DateTime), p.Mask.Text(fmt.Sprintf(format, args...)))
			}
		},
	}
	if app != nil {
		w.App, w.Asker = app, app
	}
	return w, h, nil
}
