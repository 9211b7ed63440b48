package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/ui"
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

// logSelection says of which containers the logs are shown. The zero value means all.
type logSelection struct {
	colour  model.Colour
	service string // with or without its colour
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
	_, stack, err := open(c.ctx, settings)
	if err != nil {
		return err
	}
	app, err := stack.Load(c.ctx)
	if err != nil {
		return err
	}
	containers, err := selected.of(c.ctx, stack, app)
	if err != nil {
		return err
	}
	out := &ui.Logs{Out: c.Stdout, JSON: c.format == "json", Mask: &c.mask}
	if !options.Follow {
		return mergeLogs(c.ctx, stack, containers, options, out)
	}
	f := &follower{stack: stack, options: options, out: out, list: func(ctx context.Context) ([]model.Container, error) {
		all, err := stack.Containers(ctx, app)
		return selected.filter(all), err
	}}
	err = f.run(c.ctx, containers)
	if c.ctx.Err() != nil {
		return c.ended()
	}
	return err
}

func logArguments(ctx *cli.Context) (selected logSelection, o compose.LogOptions, err error) {
	args := ctx.Args().Slice()
	if len(args) > 0 {
		if colour, err := model.ParseColour(args[0]); err == nil {
			selected.colour, args = colour, args[1:]
		}
	}
	if len(args) > 0 {
		selected.service, args = args[0], args[1:]
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

// of are the containers that are selected. It is an error if there is none: the message lists the services.
func (l logSelection) of(ctx context.Context, stack *compose.Stack, app model.Application) ([]model.Container, error) {
	all, err := stack.Containers(ctx, app)
	if err != nil {
		return nil, err
	}
	chosen := l.filter(all)
	if len(chosen) > 0 {
		return chosen, nil
	}
	if l.service != "" && !slices.ContainsFunc(model.Colours[:], func(colour model.Colour) bool {
		return slices.ContainsFunc(app.Models[colour].Services, func(s model.Service) bool { return l.matches(colour, s.Name) })
	}) {
		return nil, model.Invalid("no colour has a service %q: the services are %s", l.service, strings.Join(serviceNames(app), ", "))
	}
	return nil, model.Invalid("there is no container%s of %s on this engine, so there is no log", prefixedBy(" of ", l.service), orBoth(l.colour))
}

func orBoth(colour model.Colour) string {
	if colour == model.None {
		return "blue or green"
	}
	return string(colour)
}

func prefixedBy(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func serviceNames(app model.Application) (names []string) {
	for _, colour := range model.Colours {
		for _, s := range app.Models[colour].Services {
			if !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
		}
	}
	return names
}

func (l logSelection) filter(all []model.Container) (chosen []model.Container) {
	for _, c := range all {
		if l.matches(c.Colour, c.Service) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// matches says whether a service of a colour is selected: by its name, or by its name without the colour.
func (l logSelection) matches(colour model.Colour, service string) bool {
	if l.colour != model.None && l.colour != colour {
		return false
	}
	plain := strings.Trim(strings.ReplaceAll(model.ServiceKey(service, colour), "{colour}", ""), "-_.")
	return l.service == "" || l.service == service || l.service == plain
}

// mergeLogs shows the logs of containers as one, in the order of time.
func mergeLogs(ctx context.Context, stack *compose.Stack, containers []model.Container, o compose.LogOptions, out *ui.Logs) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	heads := make([]*logHead, len(containers))
	for i, c := range containers {
		heads[i] = newLogHead(ctx, stack, c, o)
	}
	for {
		var first *logHead
		for _, h := range heads {
			if h.peek() && (first == nil || h.line.At.Before(first.line.At)) {
				first = h
			}
		}
		if first == nil {
			break
		}
		if err := out.Line(first.container, ui.LogLine(first.line)); err != nil {
			return err
		}
		first.have = false
	}
	for _, h := range heads {
		if h.err != nil {
			return h.err
		}
	}
	return nil
}

// logHead is the next line of one container's log.
type logHead struct {
	container model.Container
	lines     chan compose.LogLine
	line      compose.LogLine
	have      bool
	err       error // set before lines is closed
}

func newLogHead(ctx context.Context, stack *compose.Stack, c model.Container, o compose.LogOptions) *logHead {
	h := &logHead{container: c, lines: make(chan compose.LogLine, 100)}
	go func() {
		defer close(h.lines)
		h.err = stack.Logs(ctx, c.ID, o, func(l compose.LogLine) error {
			select {
			case h.lines <- l:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	}()
	return h
}

// peek says whether there is a line.
func (h *logHead) peek() bool {
	if !h.have {
		h.line, h.have = <-h.lines
	}
	return h.have
}
