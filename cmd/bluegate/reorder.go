package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/deploy/model"
)

// reorder moves flags before arguments, and the command's name first. urfave/cli v2 takes everything after an argument
// as an argument, so that `deploy green --dry-run` would deploy. After "--", everything is an argument.
func reorder(app *cli.App, args []string) ([]string, error) {
	if n := len(args); n > 0 && args[n-1] == "--generate-bash-completion" {
		return args, nil // called by the shell's completion
	}
	var name string
	var flags, rest []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			rest = append(rest, args[i+1:]...)
			i = len(args)
		case len(arg) > 1 && arg[0] == '-':
			flags = append(flags, arg)
			if !takesValue(app.Flags, arg) && !anyTakesValue(app, name, arg) {
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
	if len(rest) > 0 && !slices.ContainsFunc(flags, isHelp) { // help takes an argument as a topic
		out = append(append(out, "--"), rest...)
	}
	return out, nil
}

func isHelp(flag string) bool {
	name := strings.TrimLeft(flag, "-")
	return name == "help" || name == "h"
}

// anyTakesValue says whether a flag of the command takes a value; before the command's name is known, a flag of any
// command.
func anyTakesValue(app *cli.App, name, arg string) bool {
	return slices.ContainsFunc(app.Commands, func(c *cli.Command) bool {
		return (name == "" || c.Name == name) && takesValue(c.Flags, arg)
	})
}

// takesValue says whether arg is one of the flags and the next argument is its value. It is false for --name=value.
func takesValue(flags []cli.Flag, arg string) bool {
	return slices.ContainsFunc(flags, func(f cli.Flag) bool {
		_, isBool := f.(*cli.BoolFlag)
		return !isBool && slices.Contains(f.Names(), strings.TrimLeft(arg, "-"))
	})
}
