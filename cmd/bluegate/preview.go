package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config/strict"
	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/cmd/bluegate/wire"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx"
	"bluegate/nginx/tunnel"
)

// The commands about a release that waits: deploy --until preview, promote, preview, abort.

// untilPreviewWord is the one value of --until.
const untilPreviewWord = "preview"

func untilFlag() cli.Flag {
	return &cli.StringFlag{Name: "until", Usage: "stop at `preview`: both colours run, users stay on the old one, and the release waits for bluegate promote or bluegate abort", DefaultText: "the end"}
}

func replaceFlag() cli.Flag {
	return &cli.BoolFlag{Name: "replace", Usage: "remove a release that waits to be promoted, instead of refusing"}
}

// untilPreview reads the flags about a release that waits.
func untilPreview(ctx *cli.Context, s *deploy.Settings) error {
	s.UntilPreview, s.Replace = ctx.IsSet("until"), ctx.Bool("replace")
	if until := ctx.String("until"); s.UntilPreview && until != untilPreviewWord {
		return model.Invalid("invalid --until %q: must be %s%s", until, untilPreviewWord, strict.Suggest(until, []string{untilPreviewWord}))
	}
	return nil
}

func (c *command) promote() *cli.Command {
	return &cli.Command{Name: "promote", Usage: "make the release live that waits after deploy --until preview, through gate and checks again", Flags: []cli.Flag{waitLock()},
		Action: c.reporting(false, (*deploy.Deployer).Promote, nil)}
}

func (c *command) abort() *cli.Command {
	return &cli.Command{Name: "abort", Usage: "remove the release that waits after deploy --until preview; users never noticed it", Flags: []cli.Flag{waitLock()},
		Action: c.reporting(false, (*deploy.Deployer).Abort, nil)}
}

func (c *command) preview() *cli.Command {
	return &cli.Command{Name: "preview", Usage: "forward a local port to a service of the idle colour, until Ctrl-C; nginx is not changed", ArgsUsage: "[SERVICE[:PORT]]",
		Flags:  []cli.Flag{&cli.StringFlag{Name: "listen", Usage: "the local `ADDRESS`; with port 0 the system chooses one", Value: "127.0.0.1:8080"}},
		Action: c.forward}
}

// forwarded is what a preview forwards to, as --format json prints it.
type forwarded struct {
	Listen  string       `json:"listen"`
	Colour  model.Colour `json:"colour"`
	Release string       `json:"release"`
	Service string       `json:"service"`
	Address string       `json:"address"` // as nginx would reach it
}

// forward forwards connections to a service of the idle colour until it is interrupted. Then its helper is gone.
func (c *command) forward(ctx *cli.Context) (err error) {
	service, err := c.previewArgument(ctx)
	if err != nil {
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
	target, err := d.PreviewTarget(c.ctx, service)
	if err = errors.Join(err, d.Close(context.WithoutCancel(c.ctx))); err != nil { // what looked is of no use any more
		return err
	}
	dialer, err := d.Router.(*nginx.Router).NewDialer()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dialer.Close(context.WithoutCancel(c.ctx))) }()
	listener, err := net.Listen("tcp", ctx.String("listen"))
	if err != nil {
		return model.Invalid("--listen %s: %w; choose another port, or 127.0.0.1:0 for any", ctx.String("listen"), err)
	}
	defer listener.Close()
	if err := c.sayForwarded(forwarded{listener.Addr().String(), target.Colour, target.Release, target.Service, target.Endpoint.Address()}); err != nil {
		return err
	}
	dial := func(ctx context.Context) (tunnel.Conn, error) { return dialer.Dial(ctx, target.Endpoint.Address()) }
	said := saidOnce{say: func(text string) { fmt.Fprintf(c.Stderr, "bluegate: %s\n", c.mask.Text(redact.Sanitize(text))) }}
	err = tunnel.Forward(c.ctx, listener, dial, func(err error) {
		if why := d.WhyNoAnswer(c.ctx, target, err); c.ctx.Err() == nil { // whoever ended the command does not wonder why
			said.tell(why.Error())
		}
	})
	if c.ctx.Err() != nil {
		return c.ended()
	}
	return err
}

// previewArgument reads how the output is shown, and the service; empty: none was named.
func (c *command) previewArgument(ctx *cli.Context) (string, error) {
	if err := c.output(ctx); err != nil {
		return "", err
	}
	if ctx.NArg() > 1 {
		return "", model.Invalid("unexpected argument %q; see bluegate preview --help", ctx.Args().Get(1))
	}
	return ctx.Args().First(), nil
}

// sayForwarded writes where to look.
func (c *command) sayForwarded(f forwarded) error {
	if c.format == "json" {
		return json.NewEncoder(c.Stdout).Encode(f)
	}
	release := ""
	if f.Release != "" {
		release = ", release " + f.Release
	}
	_, err := fmt.Fprintf(c.Stdout, "http://%s leads to %s of %s (%s%s); Ctrl-C ends\n", f.Listen, f.Service, f.Colour, f.Address, release)
	return err
}

// saidOnce says a text once in a row: a browser tries again and again.
type saidOnce struct {
	mu   sync.Mutex
	last string
	say  func(string)
}

func (s *saidOnce) tell(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text != s.last {
		s.last = text
		s.say(text)
	}
}
