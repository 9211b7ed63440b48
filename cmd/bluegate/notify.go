package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/watching"
	"bluegate/deploy/model"
	"bluegate/watch"
	"bluegate/watch/notify"
)

// notify sends a message to every target, to see that it arrives.
func (c *command) notify(ctx *cli.Context) error {
	if err := c.output(ctx); err != nil {
		return err
	}
	if ctx.NArg() != 1 || ctx.Args().First() != "test" {
		return model.Invalid("write bluegate notify test: it sends a message to each address of the section notify")
	}
	o, err := c.options(ctx)
	if err != nil {
		return err
	}
	targets, findings, err := watching.Targets(o)
	switch {
	case err != nil:
		return err
	case len(findings) > 0:
		return model.Invalid("%s: %s", findings[0].Place, findings[0].Message)
	case len(targets) == 0:
		return model.Invalid("nobody is to be told: bluegate.yml has no section notify")
	}
	project := o.Compose.Name
	if project == "" {
		project, _ = watching.Project(c.ctx, o) // a test does not need it
	}
	now := time.Now()
	e := watch.Event{ID: watch.NewID(now), Kind: notify.EventTest, Project: project, At: now, Since: now, Why: "If you can read this, notifications arrive."}
	c.report = watching.Test(c.ctx, targets, e)
	return nil
}
