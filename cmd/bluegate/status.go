package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/ui"
	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/cmd/bluegate/wire"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

func statusFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, Usage: "show it again whenever it changes, until Ctrl-C"},
		&cli.DurationFlag{Name: "interval", Usage: "the pause between two looks of --watch", Value: 2 * time.Second},
	}
}

// status shows what is live once, or continuously.
func (c *command) status(ctx *cli.Context) error {
	if !ctx.Bool("watch") {
		return c.reporting(false, (*deploy.Deployer).Status, nil)(ctx)
	}
	if ctx.Duration("interval") < time.Second/2 {
		return model.Invalid("--interval must be at least 500ms: each look starts a helper container next to nginx")
	}
	if _, err := c.arguments(ctx, false); err != nil {
		return err
	}
	options, err := c.options(ctx)
	if err != nil {
		return err
	}
	d, err := wire.Connect(c.ctx, options, progress.Quiet{})
	if err != nil {
		return err
	}
	screen := ui.NewScreen(c.Stdout)
	err = repeatedly(c.ctx, ctx.Duration("interval"), func() error { return c.showStatus(d.Status(c.ctx), screen) })
	if c.ctx.Err() != nil {
		return c.ended()
	}
	return err
}

// repeatedly calls look again and again until ctx ends or look fails.
func repeatedly(ctx context.Context, interval time.Duration, look func() error) error {
	for {
		if err := look(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(interval):
		}
	}
}

// showStatus shows a report. On a terminal it takes the place of the one before; elsewhere it follows if it differs.
func (c *command) showStatus(r *report.Report, screen *ui.Screen) error {
	if c.ctx.Err() != nil { // what an interrupted look saw is not the status
		return nil
	}
	c.mask.Apply(r)
	if c.format == "json" {
		r.Steps = []report.Step{} // their times differ each time
		text, err := ui.Compact(r)
		if err != nil {
			return err
		}
		return screen.Append(text)
	}
	return screen.Show(ui.ReportText(r, c.textOptions()), fmt.Sprintf("%s  looked at %s; Ctrl-C ends", r.Project, time.Now().Format(time.TimeOnly)))
}

// ended ends a command that runs until it is interrupted: the exit code is that of the signal, and nothing is said.
func (c *command) ended() error {
	var signal *deploy.InterruptedError
	c.exit = 1
	if errors.As(context.Cause(c.ctx), &signal) {
		c.exit = 128 + signal.Signal
	}
	return nil
}
