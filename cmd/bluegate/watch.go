package main

import (
	"cmp"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/watching"
	"bluegate/deploy/model"
)

func watchFlags() []cli.Flag {
	return []cli.Flag{
		&cli.DurationFlag{Name: "every", Usage: "the time from one measurement of a check to the next", DefaultText: "watch.every, 10s"},
		&cli.StringFlag{Name: "listen", Usage: "the `ADDRESS` of the status page", DefaultText: "watch.listen, 127.0.0.1:9460"},
		&cli.BoolFlag{Name: "read-only-public", Usage: "let everybody read the page who can reach the address; it shows no names of containers and hosts, and no evidence"},
		&cli.BoolFlag{Name: "once", Usage: "measure every check one time and end; exit 3 if one is not healthy. Nothing is written, and nobody is told"},
	}
}

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
		c.report, err = c.watching().Once(c.ctx, o)
		return err
	}
	return c.watching().Watch(c.ctx, o, ctx.Bool("read-only-public"))
}

// watching is what a watch has of this process.
func (c *command) watching() watching.Process {
	return watching.Process{Getenv: c.Getenv, Out: c.Stderr, Mask: &c.mask, Version: version, Quiet: c.quiet}
}
