package main

import (
	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/setup"
	"bluegate/cmd/bluegate/ui"
	"bluegate/deploy/redact"
)

// init proposes a bluegate.yml, and writes it.
func (c *command) init(ctx *cli.Context) error {
	if _, err := c.arguments(ctx, false); err != nil {
		return err
	}
	result, text, err := setup.Run(c.ctx, setup.Process{Getenv: c.Getenv, Mask: &c.mask, Docker: c.Docker, Failed: errorReport}, ctx)
	if err != nil {
		return err
	}
	c.exit = result.ExitCode
	return ui.Write(c.Stdout, c.format, result, redact.Clean(text))
}
