package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/deploy"
	"bluegate/deploy/report"
)

const exitCodes = `EXIT CODES:
   0  promoted, started, planned, waiting, settled, ok
   1  error: an internal error of bluegate
   2  invalid: wrong usage or configuration; nothing was changed
   3  refused: the release did not pass; it was removed, and users never noticed. unhealthy (health): the colour is
      not healthy; (watch --once): a check is not healthy. lost (drill): requests were lost. status: nothing can serve users (down)
   4  rolled-back: the release failed after new workers served it; nginx provably serves the old colour again
   5  needs-a-person: the release is live but not cleaned up, or it cannot be proven what is live; nothing that may
      serve was stopped. The report says what to run. status: it cannot be proven what nginx serves (unknown)
   6  locked: another deployment holds the lock; the report says who, and since when
   7  unreachable: the engine or nginx did not answer, and nothing was changed. status: nginx does not run
   128+n  interrupted by signal n; what was begun is undone. Only pressing Ctrl-C again at a terminal ends at once and
      leaves the rest to settle
`

func (c *command) app() *cli.App {
	app := &cli.App{
		Name: "bluegate", Usage: "a blue/green deployment gate for Docker Compose behind nginx", Version: version,
		Writer: c.Stdout, ErrWriter: c.Stderr, Flags: append(globalFlags(), cli.HelpFlag), HideHelpCommand: true, DisableSliceFlagSeparator: true, EnableBashCompletion: true,
		ExitErrHandler: func(*cli.Context, error) {}, OnUsageError: usageError,
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return unknownCommand(ctx)
			}
			return cli.ShowAppHelp(ctx)
		},
		Commands: c.commands(),
	}
	c.setHelp(app)
	for _, cmd := range app.Commands {
		cmd.OnUsageError = usageError
		cmd.Flags = append(cmd.Flags, globalFlags()...)
	}
	return app
}

// reporting makes an action of methods of the deployer: real, and dry for --dry-run, which may be nil.
func (c *command) reporting(colours bool, real, dry func(*deploy.Deployer, context.Context) *report.Report) cli.ActionFunc {
	return func(ctx *cli.Context) error {
		d, err := c.deployer(ctx, colours)
		if err != nil {
			return err
		}
		if ctx.Bool("dry-run") {
			c.report = dry(d, c.ctx)
			return nil
		}
		c.report = real(d, c.ctx)
		c.after = func() { c.watching().TellOutcome(c.ctx, *c.settings, c.report) }
		return nil
	}
}

// commands are the commands of the program.
func (c *command) commands() []*cli.Command {
	return []*cli.Command{
		{Name: "deploy", Usage: "make the idle colour (or the named one) live", ArgsUsage: "[blue|green]", Flags: deployFlags(),
			Action: c.reporting(true, (*deploy.Deployer).Run, (*deploy.Deployer).DryRun)},
		{Name: "rollback", Usage: "make the previous release live again, through the same gate", Flags: rollbackFlags(),
			Action: c.reporting(false, (*deploy.Deployer).Rollback, (*deploy.Deployer).RollbackDryRun)},
		{Name: "drill", Usage: "switch to a copy of the live colour and back under a load, and show which requests were lost; exit 3 if any was", Flags: drillFlags(), Action: c.drill},
		c.promote(), c.preview(), c.abort(),
		{Name: "settle", Usage: "finish or undo what an interrupted run left", Flags: settleFlags(), Action: c.reporting(false, (*deploy.Deployer).Settle, nil)},
		{Name: "status", Usage: "show which colour is live, the containers of both colours, and the target of a rollback",
			Flags: statusFlags(), Action: c.status},
		{Name: "health", Usage: "show the health of the live colour (or the named one); exit 3 if it is not healthy", ArgsUsage: "[blue|green]",
			Action: c.reporting(true, (*deploy.Deployer).Health, nil)},
		{Name: "doctor", Usage: "run every check that changes nothing, and show each finding with its cost and remedy; exit 3 if a deployment would be refused", Flags: doctorFlags(),
			Action: c.reporting(false, (*deploy.Deployer).Doctor, nil)},
		{Name: "init", Usage: "try what could fit against what runs, and write bluegate.yml; exit 3 if a deployment would not begin", Flags: initFlags(), Action: c.init},
		{Name: "config", Usage: "show the effective configuration, and where each value comes from", Flags: settingFlags(), Action: c.config},
		{Name: "history", Usage: "list the releases that ended, or show one", ArgsUsage: "[show RELEASE]", Flags: historyFlags(), Action: c.history},
		{Name: "watch", Usage: "keep looking at the application between deployments, and tell people what changes", Flags: watchFlags(), Action: c.watch},
		{Name: "note", Usage: "write a message for the page: what an operator knows", ArgsUsage: "TEXT", Flags: noteFlags(), Action: c.note},
		{Name: "notify", Usage: "send a test message to each address of the section notify", ArgsUsage: "test", Action: c.notify},
		{Name: "page", Usage: "write the page of a running watch as static files", Flags: pageFlags(), Action: c.page},
		{Name: "logs", Usage: "show the logs of both colours, of one, or of one service", ArgsUsage: "[blue|green] [SERVICE]", Flags: logsFlags(), Action: c.logs},
		{Name: "completion", Usage: "print the script with which a shell completes command lines", ArgsUsage: "[bash|zsh|fish|powershell]", Action: c.completion},
		{Name: "man", Usage: "print the manual page", Hidden: true, Action: c.man},
		{Name: "version", Usage: "show the versions of bluegate, Compose and the engine", Action: c.showVersion},
		{Name: "help", Usage: "show the commands, or the flags of one", ArgsUsage: "[COMMAND]", Action: c.help},
		{Name: "healthcheck", Usage: "copy the static probe for images without curl to where a Dockerfile can copy it", Flags: probeFlags(), Action: c.probe},
		{Name: "schema", Usage: "print the JSON schema of the report, of bluegate.yml, or of the page's API", ArgsUsage: "[report|config|page]", Action: c.schema},
	}
}

func commandName(app *cli.App, args []string) string {
	for _, a := range args {
		if app.Command(a) != nil {
			return a
		}
	}
	return "bluegate"
}

// formatOf finds --format even if the command line is otherwise wrong: a script that asked for JSON gets JSON.
func formatOf(args []string, getenv func(string) string) string {
	format := getenv("BLUEGATE_FORMAT")
	for i, a := range args {
		name, value, assigned := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if !strings.HasPrefix(a, "-") || name != "format" {
			continue
		}
		if !assigned && i+1 < len(args) {
			value = args[i+1]
		}
		format = value
	}
	if format == "json" {
		return "json"
	}
	return "text"
}
