package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/cmd/bluegate/wire"
	"bluegate/deploy/model"
)

// completeMode makes this executable print what a word of a command line may be. The scripts of `bluegate completion`
// call it, and so does the docker command for its plugins: its name and its output are cobra's protocol.
const completeMode = cobra.ShellCompRequestCmd

// completeLimit is the longest time that the engine may take to answer a shell that waits.
const completeLimit = 3 * time.Second

// candidate is a word that may be meant, and what it stands for.
type candidate struct{ word, about string }

// complete prints what the last of the words may be, one a line, and then whether files may be meant too.
func (c *command) complete(words []string) {
	found, files := c.candidates(words)
	for _, one := range found {
		fmt.Fprintf(c.Stdout, "%s\t%s\n", one.word, firstOf(one.about))
	}
	fmt.Fprintf(c.Stdout, ":%d\n", files)
}

// firstOf is the part of a description that fits next to a word.
func firstOf(about string) string {
	about, _, _ = strings.Cut(about, ";")
	return strings.ReplaceAll(about, "`", "")
}

// candidates are the words that begin as the last one does.
func (c *command) candidates(words []string) ([]candidate, cobra.ShellCompDirective) {
	if len(words) == 0 {
		words = []string{""}
	}
	app := c.app()
	typed := typedSoFar(app, words[:len(words)-1])
	last := words[len(words)-1]
	known, files := c.meant(app, typed, last)
	if name, value, assigned := strings.Cut(last, "="); assigned && strings.HasPrefix(name, "-") && !typed.plain { // only the value is completed
		last = value
	}
	return slices.DeleteFunc(known, func(one candidate) bool { return !strings.HasPrefix(one.word, last) }), files
}

// typed is a command line that is not complete.
type typed struct {
	command *cli.Command // nil: none was named yet
	flag    string       // the flag whose value comes next; empty: none
	args    []string     // of the command
	words   []string
	plain   bool // after "--"
}

func typedSoFar(app *cli.App, words []string) typed {
	t := typed{words: words}
	for _, word := range words {
		switch {
		case t.flag != "":
			t.flag = ""
		case t.plain:
			t.args = append(t.args, word)
		case word == "--":
			t.plain = true
		case strings.HasPrefix(word, "-") && takesValue(t.flags(app), word):
			t.flag = strings.TrimLeft(word, "-")
		case strings.HasPrefix(word, "-"):
		case t.command == nil:
			t.command = app.Command(word)
		default:
			t.args = append(t.args, word)
		}
	}
	return t
}

// flags are those that may come next.
func (t typed) flags(app *cli.App) []cli.Flag {
	if t.command != nil {
		return append(slices.Clone(t.command.Flags), cli.HelpFlag)
	}
	return app.Flags
}

// meant are the words that may come next, whatever the last one begins with.
func (c *command) meant(app *cli.App, t typed, last string) ([]candidate, cobra.ShellCompDirective) {
	name, _, assigned := strings.Cut(last, "=")
	switch {
	case t.flag != "":
		return valuesOf(t.flag)
	case strings.HasPrefix(last, "-") && assigned && !t.plain:
		return valuesOf(strings.TrimLeft(name, "-"))
	case strings.HasPrefix(last, "-") && !t.plain:
		return flagNames(t.flags(app)), cobra.ShellCompDirectiveNoFileComp
	case t.command == nil:
		return commandNames(app), cobra.ShellCompDirectiveNoFileComp
	}
	return c.argumentsOf(app, t), cobra.ShellCompDirectiveNoFileComp
}

func commandNames(app *cli.App) (all []candidate) {
	for _, cmd := range app.Commands {
		if !cmd.Hidden {
			all = append(all, candidate{cmd.Name, cmd.Usage})
		}
	}
	return all
}

// flagNames are the long names: a short one is shorter than to complete it.
func flagNames(flags []cli.Flag) (all []candidate) {
	for _, f := range flags {
		about := ""
		if documented, ok := f.(cli.DocGenerationFlag); ok {
			about = documented.GetUsage()
		}
		all = append(all, candidate{"--" + f.Names()[0], about})
	}
	return all
}

// valuesOf are the values of a flag.
func valuesOf(flag string) (all []candidate, files cobra.ShellCompDirective) {
	values := map[string][]string{"format": {"text", "json"}, "progress": progress.Modes, "keep-old": {string(model.KeepStopped), string(model.KeepRunning), string(model.KeepRemoved)}}
	values["until"] = []string{"preview"}
	switch flag {
	case "config", "file", "f", "badge":
		return nil, cobra.ShellCompDirectiveDefault
	case "project-directory":
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return words(values[flag]), cobra.ShellCompDirectiveNoFileComp
}

// argumentsOf are the next arguments of a command.
func (c *command) argumentsOf(app *cli.App, t typed) []candidate {
	colours := []candidate{{string(model.Blue), "the colour"}, {string(model.Green), "the colour"}}
	first := len(t.args) == 0
	switch t.command.Name {
	case "deploy", "health":
		if first {
			return colours
		}
	case "preview":
		if first {
			return c.services(t)
		}
	case "logs":
		if first {
			return append(colours, c.services(t)...)
		}
		if len(t.args) == 1 && (t.args[0] == "blue" || t.args[0] == "green") {
			return c.services(t)
		}
	case "history":
		if first {
			return []candidate{{"show", "one release"}}
		}
		if len(t.args) == 1 {
			return c.releases(t)
		}
	case "help":
		if first {
			return commandNames(app)
		}
	case "schema", "completion":
		if first {
			return words(strings.Split(strings.Trim(t.command.ArgsUsage, "[]"), "|"))
		}
	}
	return nil
}

func words(all []string) (out []candidate) {
	for _, word := range all {
		out = append(out, candidate{word: word})
	}
	return out
}

// asking runs a question to the engine with the flags that were typed. A shell that waits is never told an error.
func (c *command) asking(t typed, ask func(context.Context, config.Options) error) {
	app := c.app()
	cmd := app.Command(t.command.Name)
	cmd.Action = func(ctx *cli.Context) error {
		options, err := c.options(ctx)
		if err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(c.ctx, completeLimit)
		defer cancel()
		return ask(limited, options)
	}
	args, err := reorder(app, t.words)
	if err == nil {
		_ = app.Run(append([]string{"bluegate"}, args...)) // nothing is completed
	}
}

// releases are those of the history, the newest first.
func (c *command) releases(t typed) (all []candidate) {
	c.asking(t, func(ctx context.Context, options config.Options) error {
		_, records, err := past(ctx, options)
		for _, rec := range records {
			one := candidate{rec.Release, fmt.Sprintf("%s %s %s", rec.Command, rec.Outcome, rec.To)}
			if rec.Release != "" && !slices.ContainsFunc(all, func(have candidate) bool { return have.word == rec.Release }) {
				all = append(all, one)
			}
		}
		return err
	})
	return all
}

// services are those of the colours, with and without the colour in their names.
func (c *command) services(t typed) (all []candidate) {
	c.asking(t, func(ctx context.Context, options config.Options) error {
		to, err := wire.Open(ctx, options)
		if err != nil {
			return err
		}
		app, err := to.Stack.Load(ctx)
		for _, colour := range model.Colours {
			for _, s := range app.Models[colour].Services {
				if len(t.args) == 0 || t.args[0] == string(colour) {
					all = append(all, candidate{s.Name, "the service of " + string(colour)})
				}
			}
		}
		return err
	})
	return all
}
