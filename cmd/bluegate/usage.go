package main

import (
	"fmt"
	"regexp"
	"slices"
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
	if m := badValue.FindStringSubmatch(err.Error()); m != nil {
		err = wrongValue(flags, m[1]+m[5], m[2]+m[4], prefixed(" in ", m[3]))
	}
	return model.Invalid("%w; see %s --help", err, help)
}

// badValue matches what urfave/cli and the standard library say of a flag's value that they cannot read, on the command
// line and in the environment.
var badValue = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-(\S+): .*$|^could not parse .* from environment variable "(\S+)" for flag (\S+): .*"(.*)"$`)

// wrongValue says what a value of a flag looks like.
func wrongValue(flags []cli.Flag, value, name, where string) error {
	i := slices.IndexFunc(flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
	looks := "another value"
	if i >= 0 {
		switch flags[i].(type) {
		case *cli.DurationFlag:
			looks = "a duration with a unit, such as 30s, 5m or 1h30m"
		case *cli.IntFlag, *cli.Int64Flag, *cli.UintFlag:
			looks = "a whole number, such as 3"
		case *cli.BoolFlag:
			looks = "true or false"
		}
	}
	return fmt.Errorf("invalid --%s %q%s: must be %s", name, value, where, looks)
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// unknownCommand is the error for a first argument that is not a command.
func unknownCommand(ctx *cli.Context) error {
	var known []string
	for _, c := range ctx.App.Commands {
		known = append(known, c.Name)
	}
	given := ctx.Args().First()
	if suggested := strict.Suggest(given, known); suggested != "" || otherWords[given] == "" {
		return model.Invalid("unknown command %q%s; see bluegate --help", given, suggested)
	}
	return model.Invalid("unknown command %q: %s; see bluegate --help", given, otherWords[given])
}

// otherWords are the commands of docker compose and of other deployment tools, and what does that here.
var otherWords = map[string]string{
	"up": deploys, "start": deploys, "run": deploys, "apply": deploys, "release": deploys, "switch": deploys, "rollout": deploys,
	"ps": shows, "ls": shows, "list": shows, "top": shows,
	"undo": goesBack, "back": goesBack, "revert": goesBack, "rollback-to": goesBack,
	"plan": "`bluegate deploy --dry-run` shows what would happen", "diff": "`bluegate deploy --dry-run --verbose` shows what would change",
	"check": examines, "test": examines, "validate": examines, "lint": examines,
	"cancel": "`bluegate abort` removes a release that waits, and `bluegate settle` ends what an interrupted run left",
	"down":   stopsNothing, "stop": stopsNothing, "rm": stopsNothing, "restart": stopsNothing,
}

const (
	deploys      = "`bluegate deploy` makes a new release live"
	shows        = "`bluegate status` shows what is live and the containers of both colours"
	goesBack     = "`bluegate rollback` makes the previous release live again"
	examines     = "`bluegate doctor` runs every check that changes nothing"
	stopsNothing = "bluegate never stops what serves users; docker compose does"
)
