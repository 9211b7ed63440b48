package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// config shows the effective configuration. It asks neither the engine nor nginx.
func (c *command) config(ctx *cli.Context) error {
	if _, err := c.arguments(ctx, false); err != nil {
		return err
	}
	o, f, err := config.Read(ctx, c.Getenv)
	if err != nil {
		return err
	}
	config.LearnSecrets(&c.mask, f)
	shown := ui.SettingsResult{Command: "config", Outcome: model.OK, Directory: o.Compose.Dir, Values: config.Effective(ctx, f, c.given)}
	for i, s := range shown.Values {
		if s.Key == "compose.files" && s.From == "convention" {
			if found, err := o.Compose.FilesFound(); err == nil {
				shown.Values[i].Value = found
			}
		}
		shown.Values[i].Value = config.Redact(&c.mask, shown.Values[i].Value)
	}
	if !config.HasPermissions {
		shown.NotChecked = []string{"who may read and write bluegate.yml: Windows has no owner and permissions that bluegate knows; keep it, and its folder, from other users, and keep secrets out of it"}
	}
	return ui.Write(c.Stdout, c.format, shown, redact.Clean(ui.SettingsText(shown)))
}

// given says whether a flag is on the command line, not only in the environment.
func (c *command) given(flag string) bool {
	return slices.ContainsFunc(c.args, func(arg string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		return strings.HasPrefix(arg, "-") && name == flag
	})
}
