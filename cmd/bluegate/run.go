package main

import (
	"context"
	"fmt"
	"io"

	"bluegate/cmd/bluegate/ui"
	"bluegate/nginx/agent"
	"bluegate/nginx/overlay"
)

// process is what a command sees of the world outside.
type process struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Environ        []string // what it holds under the name of a secret appears in no output
}

// serveMode makes this executable serve package helper, for installations without the small one beside it.
const serveMode = "__serve"

// waitMode makes this executable wait for a signal, as serveMode.
const waitMode = "__wait"

// overlayMode makes this executable run a command that sees files changed which are not: package overlay.
const overlayMode = "__overlay"

// run is the program without the process. It returns the exit code.
func run(ctx context.Context, args []string, p process) int {
	if len(args) == 1 && args[0] == serveMode {
		if err := agent.Serve(p.Stdin, p.Stdout); err != nil {
			fmt.Fprintln(p.Stderr, err)
			return 1
		}
		return 0
	}
	if len(args) == 1 && args[0] == waitMode {
		agent.Wait()
		return 0
	}
	if len(args) == 1 && args[0] == overlayMode {
		fmt.Fprintln(p.Stderr, overlay.Main(p.Stdin)) // it came back, so it failed
		return 1
	}
	c := &command{process: p, ctx: ctx}
	learnEnviron(&c.mask, p.Environ)
	err := c.parse(args)
	if c.report == nil && err == nil {
		return 0 // help, version, a schema
	}
	if err != nil {
		c.report = errorReport(ctx, c.name, err)
	}
	c.print()
	return c.report.ExitCode
}

// print writes the report to stdout in the chosen form, and to CI's files where there are some. A reader that went away
// changes nothing: the exit code is the deployment's.
func (c *command) print() {
	c.mask.Apply(c.report)
	_ = ui.Write(c.Stdout, c.format, c.report, ui.ReportText(c.report, c.verbose))
	if err := ui.WriteGitHub(c.report, c.Getenv); err != nil {
		fmt.Fprintf(c.Stderr, "bluegate: %v\n", err)
	}
}
