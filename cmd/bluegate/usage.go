package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config/strict"
	"bluegate/deploy/model"
)

// usageError returns what is wrong with a flag, what may have been meant, and which command lists the flags.
func usageError(ctx *cli.Context, err error, _ bool) error {
	help := "bluegate"
	flags := ctx.App.Flags
	if c := ctx.Command; c != nil && ctx.App.Command(c.Name) != nil {
		help, flags = "bluegate "+c.Name, c.Flags
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		var known []string
		for _, f := range flags {
			known = append(known, f.Names()[0])
		}
		err = fmt.Errorf("unknown flag --%s%s", name, strict.Suggest(name, known))
	}
	return model.Invalid("%w; see %s --help", err, help)
}

// unknownCommand is the error for a first argument that is not a command.
func unknownCommand(ctx *cli.Context) error {
	var known []string
	for _, c := range ctx.App.Commands {
		known = append(known, c.Name)
	}
	given := ctx.Args().First()
	return model.Invalid("unknown command %q%s; see bluegate --help", given, strict.Suggest(given, known))
}
