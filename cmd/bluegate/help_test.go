package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// Every command has two examples, and each is a command line that the program understands.
func TestExamples(t *testing.T) {
	c := &command{process: process{Getenv: noEnvironment}, ctx: context.Background()}
	app := c.app()
	for _, cmd := range app.Commands {
		if cmd.Hidden {
			continue
		}
		for _, e := range examples[cmd.Name] {
			_, line, ok := strings.Cut(e[0], "bluegate ")
			if line, _, _ = strings.Cut(line, " >"); !ok || !strings.HasPrefix(line, cmd.Name) {
				t.Errorf("%q is no example of %s", e[0], cmd.Name)
			}
			for _, word := range strings.Fields(strings.TrimRight(line, ")"))[1:] {
				name, isFlag := strings.CutPrefix(word, "--")
				if isFlag && !slices.ContainsFunc(cmd.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) }) {
					t.Errorf("%q: %s has no flag --%s", e[0], cmd.Name, name)
				}
			}
		}
	}
	for name := range examples {
		if app.Command(name) == nil {
			t.Errorf("examples for %s, which is no command", name)
		}
	}
}
