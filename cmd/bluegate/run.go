package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/docker/cli/cli-plugins/metadata"

	"bluegate/cmd/bluegate/ui"
	"bluegate/cmd/bluegate/ui/ci"
	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/cmd/bluegate/wire"
	"bluegate/nginx/agent"
	"bluegate/nginx/overlay"
	"bluegate/nginx/tunnel"
)

// process is the environment of a command.
type process struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Environ        []string // its secrets appear in no output
	Docker         []string // flags of the docker command that started this process as its plugin
}

// modes are what this executable does in place of a command.
var modes = map[string]func(p process) error{
	wire.ServeMode: func(p process) error { return agent.Serve(p.Stdin, p.Stdout) },
	wire.ServeMode + " " + agent.ForwardArgument: func(p process) error { return tunnel.Serve(p.Stdin, p.Stdout) },
	wire.WaitMode:                   func(process) error { agent.Wait(); return nil },
	metadata.MetadataSubcommandName: func(p process) error { return pluginMetadata(p.Stdout) },
	wire.OverlayMode:                func(p process) error { return overlay.Main(p.Stdin) }, // returns only if it fails
}

// run runs the program without exiting the process, and returns the exit code.
func run(ctx context.Context, args []string, p process) int {
	if name := strings.Join(args, " "); len(args) > 0 {
		if mode, ok := modes[name]; ok {
			if err := mode(p); err != nil {
				fmt.Fprintln(p.Stderr, err)
				return 1
			}
			return 0
		}
	}
	c := &command{process: p, ctx: ctx, began: time.Now()}
	learnEnvironment(&c.mask, p.Environ)
	if len(args) > 0 && args[0] == completeMode {
		c.complete(args[1:])
		return 0
	}
	err := c.parse(args)
	if c.report == nil && err == nil {
		return c.exit // help, version, a schema
	}
	if err != nil {
		c.report = errorReport(ctx, c.name, err)
	}
	c.print()
	if c.after != nil {
		c.after()
	}
	return c.report.ExitCode
}

// print writes the report to stdout in the chosen format, to the files that were named, and to those of CI. If the reader
// is gone or a file cannot be written, the exit code is still that of the deployment.
func (c *command) print() {
	c.report.DurationMS = time.Since(c.began).Milliseconds()
	c.mask.Apply(c.report)
	progress.Leave(c.Stderr)
	c.section.Close(time.Now())
	_ = ui.Write(c.Stdout, c.format, c.report, ui.ReportText(c.report, c.textOptions()))
	if c.Getenv("GITHUB_ACTIONS") == "true" {
		_, _ = io.WriteString(c.Stderr, ci.GitHubAnnotation(c.report))
	}
	files, file := ci.WithJSON(c.files, c.Getenv)
	err := errors.Join(ci.WriteReports(c.report, files), ci.WriteGitHub(c.report, file, c.Getenv))
	if err != nil {
		fmt.Fprintf(c.Stderr, "bluegate: %v\n", err)
	}
}
