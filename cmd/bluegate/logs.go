package main

import (
	"context"
	"strconv"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/logs"
	"bluegate/cmd/bluegate/ui"
	"bluegate/cmd/bluegate/wire"
	"bluegate/compose"
	"bluegate/deploy/model"
)

func logsFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "follow", Usage: "continue until Ctrl-C, also with containers that start later"},
		&cli.StringFlag{Name: "tail", Aliases: []string{"n"}, Usage: "how many of the last `LINES` of each container are shown, or all", Value: "all"},
		&cli.StringFlag{Name: "since", Usage: "only lines that are at most so old, or since a `TIME`: 10m, 2026-11-20T11:45:00Z"},
	}
}

// logs shows the logs of the containers of the colours. It asks the engine, and not nginx.
func (c *command) logs(ctx *cli.Context) error {
	if err := c.output(ctx); err != nil {
		return err
	}
	selected, options, err := logArguments(ctx)
	if err != nil {
		return err
	}
	settings, err := c.options(ctx)
	if err != nil {
		return err
	}
	to, err := wire.Open(c.ctx, settings)
	if err != nil {
		return err
	}
	app, err := to.Stack.Load(c.ctx)
	if err != nil {
		return err
	}
	containers, err := selected.Of(c.ctx, to.Stack, app)
	if err != nil {
		return err
	}
	out := &ui.Logs{Out: c.Stdout, JSON: c.format == "json", Mask: &c.mask}
	if !options.Follow {
		return logs.Merge(c.ctx, to.Access, containers, options, out)
	}
	f := &logs.Follower{Reader: to.Access, Options: options, Out: out, List: func(ctx context.Context) ([]model.Container, error) {
		all, err := to.Stack.Containers(ctx, app)
		return selected.Filter(all), err
	}}
	err = f.Run(c.ctx, containers)
	if c.ctx.Err() != nil {
		return c.ended()
	}
	return err
}

func logArguments(ctx *cli.Context) (selected logs.Selection, o compose.LogOptions, err error) {
	args := ctx.Args().Slice()
	if len(args) > 0 {
		if colour, err := model.ParseColour(args[0]); err == nil {
			selected.Colour, args = colour, args[1:]
		}
	}
	if len(args) > 0 {
		selected.Service, args = args[0], args[1:]
	}
	if len(args) > 0 {
		return selected, o, model.Invalid("unexpected argument %q; write bluegate logs [blue|green] [SERVICE]", args[0])
	}
	o = compose.LogOptions{Tail: ctx.String("tail"), Since: ctx.String("since"), Follow: ctx.Bool("follow")}
	if n, err := strconv.Atoi(o.Tail); o.Tail != "all" && (err != nil || n < 0) {
		return selected, o, model.Invalid("invalid --tail %q: write a number of lines, or all", o.Tail)
	}
	return selected, o, o.Check()
}
