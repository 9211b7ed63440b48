package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui"
	"bluegate/deploy/model"
	"bluegate/watch"
	"bluegate/watch/history"
)

func watchFlags() []cli.Flag {
	return []cli.Flag{
		&cli.DurationFlag{Name: "every", Usage: "the time from one measurement of a check to the next", DefaultText: "watch.every, 10s"},
		&cli.StringFlag{Name: "listen", Usage: "the `ADDRESS` of the status page", DefaultText: "watch.listen, 127.0.0.1:9460"},
		&cli.BoolFlag{Name: "read-only-public", Usage: "let everybody read the page who can reach the address; it shows no names of containers and hosts, and no evidence"},
		&cli.BoolFlag{Name: "once", Usage: "measure every check one time and end; exit 3 if one is not healthy. Nothing is written, and nobody is told"},
	}
}

// quiet is the progress of a look: nobody reads it.
func quiet() model.Progress { return ui.Quiet{} }

// watch looks at the application until the process is told to end, or one time with --once.
func (c *command) watch(ctx *cli.Context) error {
	if _, err := c.arguments(ctx, false); err != nil {
		return err
	}
	o, err := c.options(ctx)
	if err != nil {
		return err
	}
	o.Watch.Every, o.Watch.Listen = cmp.Or(ctx.Duration("every"), o.Watch.Every), cmp.Or(ctx.String("listen"), o.Watch.Listen)
	if o.Watch.Every < config.MinEvery {
		return model.Invalid("--every must be at least %s", config.MinEvery)
	}
	if ctx.Bool("once") {
		return c.watchOnce(o)
	}
	return c.watchOn(o, ctx.Bool("read-only-public"))
}

// watchedApplication connects to the application; nil: there is none, because only watch.checks is set.
func (c *command) watchedApplication(o config.Options) (*application, error) {
	if _, err := o.Compose.FilesFound(); err != nil && o.Watch.Alone {
		return nil, nil
	}
	shown := ui.Options{Mode: ui.Plain}
	if c.quiet {
		shown.Mode = ui.NoLines
	}
	return newApplication(c.ctx, o, &c.mask, func(ctx context.Context) model.Progress {
		return ui.Redacted{Progress: ui.NewProgress(ctx, c.Stderr, c.Getenv, shown), Redactor: &c.mask}
	})
}

// watchOn watches until a signal comes. That is how a watch ends, so the exit code is 0 then.
func (c *command) watchOn(o config.Options, public bool) error {
	app, err := c.watchedApplication(o)
	if err != nil {
		return err
	}
	w, h, err := c.watcher(o, app)
	if err != nil {
		return err
	}
	defer h.Close()
	if app != nil {
		defer func() {
			closing, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), 30*time.Second)
			defer cancel()
			_ = app.Close(closing) // what is left is swept by the next deployment
		}()
	}
	for _, f := range notifyFindings(o) {
		w.Say("%s", f.Message)
	}
	people, err := c.forPeople(o, h, public)
	if err != nil {
		return err
	}
	w.Notifier = people.queue
	w.Say("watching %s every %s; page: http://%s; history: %s", w.Project, w.Every, people.listener.Addr(), h.Path())
	return people.run(c.ctx, w)
}

// watcher wires the watch.
func (c *command) watcher(o config.Options, app *application) (*watch.Watcher, *history.History, error) {
	project := cmp.Or(o.Compose.Name, filepath.Base(o.Compose.Dir))
	if app != nil {
		project = app.project
	}
	path, err := historyPath(o, project, c.Getenv)
	if err != nil {
		return nil, nil, err
	}
	h, err := history.Open(c.ctx, path, history.Options{Days: o.Watch.KeepDays, MB: o.Watch.KeepMB})
	if err != nil {
		return nil, nil, &model.InvalidError{Err: err}
	}
	w := &watch.Watcher{
		Settings: watch.Settings{
			Project: project, Every: o.Watch.Every, DownAfter: o.Watch.DownAfter, UpAfter: o.Watch.UpAfter,
			Heal: watch.Budget{Mode: o.Watch.OnUnhealthy, Restarts: o.Watch.Restarts, Within: o.Watch.Within, Backoff: o.Watch.Backoff},
		},
		Asker: newAskAlone(o), Questions: clientQuestions(o), History: h, Notifier: watch.Nobody{}, Self: &watch.Self{Reference: o.Watch.Reference}, Mask: c.mask.Text,
		Say: func(format string, args ...any) {
			if !c.quiet {
				fmt.Fprintf(c.Stderr, "%s %s\n", time.Now().Format(time.DateTime), c.mask.Text(fmt.Sprintf(format, args...)))
			}
		},
	}
	if app != nil {
		w.App, w.Asker = app, app
	}
	return w, h, nil
}

// historyPath is the file of the history: the configured one, or one for the project below $XDG_STATE_HOME.
func historyPath(o config.Options, project string, getenv func(string) string) (string, error) {
	if path := o.Watch.History; path != "" {
		if !filepath.IsAbs(path) {
			path = filepath.Join(o.Compose.Dir, path)
		}
		return path, nil
	}
	dir := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // the specification of these folders says that others are ignored
		home, err := os.UserHomeDir()
		if err != nil {
			return "", &model.InvalidError{Err: errors.Join(errors.New("there is no place for the history: set watch.history, or XDG_STATE_HOME"), err)}
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "bluegate", project+".db"), nil
}
