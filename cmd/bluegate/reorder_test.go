package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
	"pgregory.net/rapid"

	"bluegate/deploy/model"
)

func noEnvironment(string) string { return "" }

// parsed returns the meaning of a command line: the command, the values of its flags, and its arguments.
func parsed(args []string) (string, error) {
	c := &command{process: process{Stdout: io.Discard, Stderr: io.Discard, Getenv: noEnvironment}, ctx: context.Background()}
	app := c.app()
	var meant string
	for _, cmd := range app.Commands {
		cmd.Action = func(ctx *cli.Context) error {
			var said []string
			for _, f := range ctx.Command.Flags {
				name := f.Names()[0]
				said = append(said, fmt.Sprintf("%s=%v", name, ctx.Value(name)))
			}
			slices.Sort(said)
			meant = fmt.Sprintf("%s %q with %s", ctx.Command.Name, ctx.Args().Slice(), strings.Join(said, " "))
			return nil
		}
	}
	args, err := reorder(app, args)
	if err == nil {
		err = app.Run(append([]string{"bluegate"}, args...))
	}
	return meant, err
}

func TestReorder(t *testing.T) {
	app := (&command{process: process{Getenv: noEnvironment}}).app()
	for line, want := range map[string]string{
		"":                                           "",
		"deploy":                                     "deploy",
		"deploy green":                               "deploy -- green",
		"deploy green --dry-run":                     "deploy --dry-run -- green",
		"deploy --dry-run green":                     "deploy --dry-run -- green",
		"--format json deploy green":                 "deploy --format json -- green",
		"deploy green --timeout 5s --no-pull":        "deploy --timeout 5s --no-pull -- green",
		"deploy green --timeout=5s --no-pull":        "deploy --timeout=5s --no-pull -- green",
		"deploy -dry-run green":                      "deploy -dry-run -- green",
		"--timeout 5s deploy green":                  "deploy --timeout 5s -- green",
		"deploy --config deploy green":               "deploy --config deploy -- green",
		"--config status deploy":                     "deploy --config status",
		"status --quiet deploy":                      "status --quiet -- deploy",
		"deploy green blue":                          "deploy -- green blue",
		"deploy -- --dry-run":                        "deploy -- --dry-run",
		"deploy --quiet -- green":                    "deploy --quiet -- green",
		"nope green --quiet":                         "--quiet -- nope green",
		"--help":                                     "--help",
		"deploy green --help":                        "deploy --help",
		"deploy - --quiet":                           "deploy --quiet -- -",
		"deploy gre --generate-bash-completion":      "deploy gre --generate-bash-completion",
		"deploy --format --generate-bash-completion": "deploy --format --generate-bash-completion",
	} {
		got, err := reorder(app, strings.Fields(line))
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q became %q, %v; want %q", line, strings.Join(got, " "), err, want)
		}
	}
	for _, line := range []string{"deploy --timeout", "--config", "deploy green --format"} {
		_, err := reorder(app, strings.Fields(line))
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "needs a value") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// `deploy green --dry-run` does not deploy.
func TestDryRunBehindTheColour(t *testing.T) {
	meant, err := parsed([]string{"deploy", "green", "--dry-run"})
	if err != nil || !strings.HasPrefix(meant, `deploy ["green"] with `) || !strings.Contains(meant, "dry-run=true") {
		t.Errorf("it means %s, %v", meant, err)
	}
}

// Flags mean the same at every position.
func TestFlagsAnywhere(t *testing.T) {
	flags := []struct {
		name   string
		values []string
	}{
		{"config", []string{"x.yml", "deploy", "status", "green", "-x"}}, {"project-directory", []string{".", "blue"}}, {"context", []string{"c", "json"}}, {"host", []string{"unix:///x"}},
		{"format", []string{"json", "text"}}, {"quiet", nil}, {"verbose", nil}, {"dry-run", nil}, {"timeout", []string{"5s", "1m30s"}}, {"no-pull", nil}, {"keep-old", []string{"running"}}, {"wait-lock", []string{"1s"}},
	}
	rapid.Check(t, func(t *rapid.T) {
		var chosen [][]string
		for _, f := range flags {
			if !rapid.Bool().Draw(t, f.name) {
				continue
			}
			dashes := rapid.SampledFrom([]string{"-", "--"}).Draw(t, "dashes")
			switch {
			case f.values == nil:
				chosen = append(chosen, []string{dashes + f.name + rapid.SampledFrom([]string{"", "=true", "=false"}).Draw(t, "truth")})
			case rapid.Bool().Draw(t, "assigned"):
				chosen = append(chosen, []string{dashes + f.name + "=" + rapid.SampledFrom(f.values).Draw(t, "value")})
			default:
				chosen = append(chosen, []string{dashes + f.name, rapid.SampledFrom(f.values).Draw(t, "value")})
			}
		}
		words := []string{"deploy"}
		words = append(words, rapid.SampledFrom([][]string{nil, {"green"}, {"blue", "green"}, {"-"}}).Draw(t, "arguments")...)

		canonical := append([]string{"deploy"}, slices.Concat(chosen...)...)
		canonical = append(canonical, words[1:]...)
		var mixed []string
		shuffled := rapid.Permutation(chosen).Draw(t, "order")
		for len(shuffled)+len(words) > 0 {
			if len(words) == 0 || len(shuffled) > 0 && rapid.Bool().Draw(t, "flag next") {
				mixed = append(mixed, shuffled[0]...)
				shuffled = shuffled[1:]
				continue
			}
			mixed = append(mixed, words[0])
			words = words[1:]
		}
		want, wantErr := parsed(canonical)
		got, err := parsed(mixed)
		if got != want || (err == nil) != (wantErr == nil) || want == "" {
			t.Fatalf("%q means\n%s, %v\nand %q means\n%s, %v", canonical, want, wantErr, mixed, got, err)
		}
	})
}

func TestCommandName(t *testing.T) {
	app := (&command{process: process{Getenv: noEnvironment}}).app()
	for line, want := range map[string]string{
		"": "bluegate", "--quiet": "bluegate", "deploy --quiet -- green": "deploy", "status": "status", "nope": "bluegate", "--bogus health": "health",
	} {
		if got := commandName(app, strings.Fields(line)); got != want {
			t.Errorf("%q is said to be %q, want %q", line, got, want)
		}
	}
}

func TestFormatOf(t *testing.T) {
	for _, test := range []struct{ line, env, want string }{
		{"", "", "text"}, {"--format json", "", "json"}, {"--format=json --bogus", "", "json"}, {"deploy -format json", "", "json"}, {"-format=json", "", "json"},
		{"--format text", "", "text"}, {"--format", "", "text"}, {"--format xml", "", "text"}, {"format json", "", "text"}, {"--formats json", "", "text"},
		{"--bogus", "json", "json"}, {"--format text", "json", "text"}, {"--format json --format text", "", "text"}, {"--bogus", "xml", "text"},
	} {
		getenv := func(name string) string {
			if name == "BLUEGATE_FORMAT" {
				return test.env
			}
			return ""
		}
		if got := formatOf(strings.Fields(test.line), getenv); got != test.want {
			t.Errorf("%q with BLUEGATE_FORMAT=%s: %s, want %s", test.line, test.env, got, test.want)
		}
	}
}
