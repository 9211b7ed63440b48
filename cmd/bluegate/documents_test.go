package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
	"mvdan.cc/sh/v3/syntax"

	"bluegate/testdata/documents"
)

var (
	fencedBlock = regexp.MustCompile("(?m)^ *```([a-z]*)\n((?s:.*?))^ *```$")
	inlineCode  = regexp.MustCompile("`(bluegate [^`\n]+)`")
	yamlCommand = regexp.MustCompile(`(?m)^\s*(?:- )?(?:run: )?(?:exec )?((?:[A-Z_]+=\S+ )*bluegate [^\n]+)$`)
)

// Every command in the documents is one that the program accepts: its name, its flags and its arguments.
func TestCommandsInDocuments(t *testing.T) {
	total := 0
	for page, text := range documents.Read(t, "../..") {
		for _, line := range commandLines(text) {
			for _, call := range calls(t, page, line) {
				total++
				if err := acceptable(call); err != nil {
					t.Errorf("%s: %s: %v", page, strings.Join(call, " "), err)
				}
			}
		}
	}
	if total < 60 {
		t.Errorf("only %d commands were found", total)
	}
}

// commandLines are the lines of a document that are shell, or could be.
func commandLines(text string) (lines []string) {
	for _, m := range fencedBlock.FindAllStringSubmatch(text, -1) {
		switch m[1] {
		case "sh":
			lines = append(lines, m[2])
		case "console":
			for _, l := range strings.Split(m[2], "\n") {
				if command, ok := strings.CutPrefix(l, "$ "); ok {
					lines = append(lines, command)
				}
			}
		case "yaml":
			for _, command := range yamlCommand.FindAllStringSubmatch(m[2], -1) {
				lines = append(lines, command[1])
			}
		case "":
			for _, l := range strings.Split(m[2], "\n") { // a list of commands, each with what it does
				if strings.HasPrefix(l, "bluegate ") {
					lines = append(lines, regexp.MustCompile(`  .*`).ReplaceAllString(l, ""))
				}
			}
		}
	}
	for _, m := range inlineCode.FindAllStringSubmatch(fencedBlock.ReplaceAllString(text, ""), -1) {
		lines = append(lines, m[1])
	}
	return lines
}

// calls are the calls of bluegate in some lines of shell.
func calls(t *testing.T, page, lines string) (found [][]string) {
	t.Helper()
	lines = strings.ReplaceAll(lines, "…", "")
	lines = regexp.MustCompile(`\[([a-zA-Z|]+)\]|\[show RELEASE\]`).ReplaceAllString(lines, "") // an argument that may be left out
	lines = regexp.MustCompile(`\|[a-z]+\b`).ReplaceAllString(lines, "")                        // of several words the first
	file, err := syntax.NewParser().Parse(strings.NewReader(lines), page)
	if err != nil {
		t.Errorf("%s: %v\n%s", page, err, lines)
		return nil
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		words := make([]string, len(call.Args))
		for i, w := range call.Args {
			var text strings.Builder
			_ = syntax.NewPrinter().Print(&text, w)
			words[i] = strings.Trim(text.String(), `"'`)
		}
		if words[0] == "exec" {
			words = words[1:]
		}
		if len(words) > 0 && words[0] == "bluegate" {
			found = append(found, words)
		}
		return true
	})
	return found
}

// placeholders are the words of the documents that stand for something else.
var placeholders = map[string]string{"COMMAND": "deploy", "SHELL": "bash", "COLOUR": "blue", "SERVICE": "web", "RELEASE": "20261121T042450-185e", "DURATION": "5s", "WHEN": "1h", "N": "10"}

// acceptable parses a call as the program does, without doing what it says.
func acceptable(words []string) error {
	c := &command{process: process{Getenv: noEnvironment, Stdout: new(strings.Builder), Stderr: new(strings.Builder)}}
	app := c.app()
	named := false
	for _, cmd := range app.Commands {
		cmd.Action = func(ctx *cli.Context) error { named = true; return acceptableArguments(ctx) }
	}
	args := make([]string, 0, len(words))
	for _, w := range words[1:] {
		if stands, ok := placeholders[w]; ok {
			w = stands
		}
		args = append(args, w)
	}
	args, err := reorder(app, args)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(args, func(a string) bool { return isHelp(a) && a != "-" || a == "--version" }) {
		named = true
	}
	if err := app.Run(append([]string{"bluegate"}, args...)); err != nil {
		return err
	}
	if !named {
		return fmt.Errorf("this names no command")
	}
	return nil
}

// acceptableArguments refuses arguments that no command takes in that form.
func acceptableArguments(ctx *cli.Context) error {
	colours := ctx.Command.ArgsUsage == "[blue|green]"
	if ctx.Command.ArgsUsage != "" && !colours {
		return nil
	}
	_, err := colourArgument(ctx, colours)
	return err
}

// The README lists every command, and no other.
func TestReadmeListsEveryCommand(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile(`(?m)^bluegate ([a-z]+)`).FindAllStringSubmatch(string(text), -1) {
		if !slices.Contains(listed, m[1]) {
			listed = append(listed, m[1])
		}
	}
	for _, c := range (&command{process: process{Getenv: noEnvironment}}).app().Commands {
		if c.Hidden || slices.Contains([]string{"help", "man"}, c.Name) {
			continue
		}
		if !slices.Contains(listed, c.Name) {
			t.Errorf("the README does not list %s", c.Name)
		}
	}
}

func TestUnacceptableCommandsAreFound(t *testing.T) {
	for _, call := range []string{"bluegate deply", "bluegate deploy purple", "bluegate deploy --no-such-flag", "bluegate status blue", "bluegate rollback --no-pull", "bluegate"} {
		if err := acceptable(strings.Fields(call)); err == nil {
			t.Errorf("%s was taken for a command", call)
		}
	}
}
