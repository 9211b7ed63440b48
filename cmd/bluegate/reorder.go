package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/deploy/model"
)

// reorder moves flags in front of the arguments that they follow, the command's name first: urfave/cli v2 takes what
// stands behind an argument for arguments too, so that `deploy green --dry-run` would deploy for real. Behind "--" all
// is argument.
func reorder(app *cli.App, args []string) ([]string, error) {
	if n := len(args); n > 0 && args[n-1] == "--generate-bash-completion" {
		return args, nil // of a shell, which wants to know what may stand here
	}
	var name string
	var flags, rest []string
	known := flagsOf(app.Flags)
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			rest = append(rest, args[i+1:]...)
			i = len(args)
		case len(arg) > 1 && arg[0] == '-':
			flags = append(flags, arg)
			if !known.takesValue(arg) && !anyTakesValue(app, name, arg) {
				continue
			}
			if i++; i == len(args) {
				return args, model.Invalid("flag %s needs a value", arg)
			}
			flags = append(flags, args[i])
		case name == "" && app.Command(arg) != nil:
			name = arg
		default:
			rest = append(rest, arg)
		}
	}
	var out []string
	if name != "" {
		out = append(out, name)
	}
	out = append(out, flags...)
	if len(rest) > 0 && !slices.ContainsFunc(flags, isHelp) { // which would take an argument for a topic
		out = append(append(out, "--"), rest...)
	}
	return out, nil
}

func isHelp(flag string) bool {
	name := strings.TrimLeft(flag, "-")
	return name == "help" || name == "h"
}

// anyTakesValue looks at the flags of the command, or of all of them while its name has not come yet.
func anyTakesValue(app *cli.App, name, arg string) bool {
	return slices.ContainsFunc(app.Commands, func(c *cli.Command) bool {
		return (name == "" || c.Name == name) && flagsOf(c.Flags).takesValue(arg)
	})
}

// valueFlags are the names of flags that take a value.
type valueFlags map[string]bool

func flagsOf(flags []cli.Flag) valueFlags {
	v := valueFlags{}
	for _, f := range flags {
		if _, isBool := f.(*cli.BoolFlag); isBool {
			continue
		}
		for _, name := range f.Names() {
			v[name] = true
		}
	}
	return v
}

// takesValue is false for --name=value, which carries its own.
func (v valueFlags) takesValue(arg string) bool {
	return v[strings.TrimLeft(arg, "-")]
}
