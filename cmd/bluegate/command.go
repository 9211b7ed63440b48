package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/deploy/report"
)

// version is set by the linker.
var version = "dev"

// command is one call of the program: what it was asked to do, and the result.
type command struct {
	process
	ctx     context.Context
	name    string
	args    []string // flags before arguments
	report  *report.Report
	mask    redact.Redactor
	format  string
	quiet   bool
	verbose bool
}

const exitCodes = `EXIT CODES:
   0  promoted, started, planned, settled, ok
   1  error: an internal error of bluegate
   2  invalid: wrong usage or configuration; nothing was changed
   3  refused: the release did not pass; it was removed, and users never noticed. unhealthy (health): the colour is
      not healthy. status: nothing can serve users (down)
   4  rolled-back: the release failed after new workers served it; nginx provably serves the old colour again
   5  needs-a-person: the release is live but not cleaned up, or it cannot be proven what is live; nothing that may
      serve was stopped. The report says what to run. status: it cannot be proven what nginx serves (unknown)
   6  locked: another deployment holds the lock; the report says who, and since when
   7  unreachable: the engine or nginx did not answer, and nothing was changed. status: nginx does not run
   128+n  interrupted by signal n; what was begun is undone. Only pressing Ctrl-C again at a terminal ends at once and
      leaves the rest to settle
`

// parse parses and runs the command line. An error means that the user made a mistake, or that the engine or nginx
// could not be asked.
func (c *command) parse(args []string) error {
	app := c.app()
	args, err := reorder(app, args)
	c.name = commandName(app, args)
	c.args, c.format = args, formatOf(args, c.Getenv)
	if err != nil {
		return err
	}
	return app.Run(append([]string{"bluegate"}, args...))
}

func (c *command) app() *cli.App {
	app := &cli.App{
		Name: "bluegate", Usage: "a blue/green deployment gate for Docker Compose behind nginx", Version: version,
		Writer: c.Stdout, ErrWriter: c.Stderr, Flags: globalFlags(), HideHelpCommand: true, EnableBashCompletion: true,
		ExitErrHandler: func(*cli.Context, error) {}, OnUsageError: usageError,
		CustomAppHelpTemplate: cli.AppHelpTemplate + "\n" + exitCodes,
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return unknownCommand(ctx)
			}
			return cli.ShowAppHelp(ctx)
		},
		Commands: []*cli.Command{
			{Name: "deploy", Usage: "make the idle colour (or the named one) live", ArgsUsage: "[blue|green]", Flags: deployFlags(), Action: c.deploy},
			{Name: "rollback", Usage: "make the previous release live again, through the same gate", Flags: rollbackFlags(), Action: c.rollback},
			{Name: "settle", Usage: "finish or undo what an interrupted run left", Flags: []cli.Flag{waitLock(), &cli.BoolFlag{Name: "cut", Usage: "stop the idle colour even if it has open connections"}}, Action: c.settle},
			{Name: "status", Usage: "show which colour is live, the containers of both colours, and the target of a rollback", Action: c.status},
			{Name: "health", Usage: "show the health of the live colour (or the named one); exit 3 if it is not healthy", ArgsUsage: "[blue|green]", Action: c.health},
			{Name: "doctor", Usage: "run every check that changes nothing, and show each finding with its cost and remedy; exit 3 if a deployment would be refused", Flags: doctorFlags(), Action: c.doctor},
			{Name: "init", Usage: "detect an existing setup, write bluegate.yml for it, and show what blocks a deployment", Flags: initFlags(), Action: c.init},
			{Name: "config", Usage: "show the effective configuration, and where each value comes from", Flags: settingFlags(), Action: c.config},
			{Name: "schema", Usage: "print the JSON schema of the report, or of bluegate.yml", ArgsUsage: "[report|config]", Action: c.schema},
		},
	}
	for _, cmd := range app.Commands {
		cmd.OnUsageError = usageError
		cmd.Flags = append(cmd.Flags, globalFlags()...)
		cmd.CustomHelpTemplate = cli.CommandHelpTemplate + "\n" + exitCodes
	}
	return app
}

func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "the configuration `FILE`", DefaultText: "bluegate.yml in the project directory, if it exists", EnvVars: []string{"BLUEGATE_CONFIG"}},
		&cli.StringFlag{Name: "project-directory", Usage: "the `DIR` with the Compose files", DefaultText: "the current directory", EnvVars: []string{"BLUEGATE_PROJECT_DIRECTORY"}},
		&cli.StringFlag{Name: "context", Usage: "the Docker context `NAME`", EnvVars: []string{"BLUEGATE_CONTEXT"}},
		&cli.StringFlag{Name: "host", Usage: "the `URL` of the engine: unix://, tcp:// or ssh://", EnvVars: []string{"BLUEGATE_HOST"}},
		&cli.StringFlag{Name: "format", Usage: "text or json; the report is written to stdout, progress to stderr", Value: "text", EnvVars: []string{"BLUEGATE_FORMAT"}},
		&cli.BoolFlag{Name: "quiet", Usage: "do not show progress"},
		&cli.BoolFlag{Name: "verbose", Usage: "show every step in the report"},
	}
}

func deployFlags() []cli.Flag {
	return append(settingFlags(),
		&cli.BoolFlag{Name: "dry-run", Usage: "show what would happen, and change nothing"},
		&cli.BoolFlag{Name: "no-pull", Usage: "do not contact registries: use the images on the engine; services with a build section are still built"},
		waitLock(),
	)
}

func doctorFlags() []cli.Flag {
	return []cli.Flag{&cli.BoolFlag{Name: "try-restart", Usage: "start a copy of nginx's container with its own entrypoint and without traffic, show whether a restart would undo a switch (exit 3), and remove the copy; whatever the entrypoint does over the network happens"}}
}

func waitLock() cli.Flag {
	return &cli.DurationFlag{Name: "wait-lock", Usage: "how long to wait for another deployment's lock", DefaultText: "not at all", EnvVars: []string{"BLUEGATE_WAIT_LOCK"}}
}

// settingFlags are the flags that override keys of bluegate.yml.
func settingFlags() []cli.Flag {
	return []cli.Flag{
		&cli.DurationFlag{Name: "timeout", Usage: "how long the release may take to become healthy", DefaultText: "computed from its healthchecks", EnvVars: []string{"BLUEGATE_TIMEOUT"}},
		&cli.StringFlag{Name: "keep-old", Usage: "what happens to the old colour: `WHAT` is stopped, running or removed", DefaultText: "stopped", EnvVars: []string{"BLUEGATE_KEEP_OLD"}},
	}
}

// rollbackFlags are the flags of deploy, except those that choose images: a rollback uses the images of its release.
func rollbackFlags() []cli.Flag {
	return slices.DeleteFunc(deployFlags(), func(f cli.Flag) bool { return f.Names()[0] == "no-pull" })
}

// deployer reads the settings that all commands share and connects to the engine. It refuses arguments that the command
// does not take.
func (c *command) deployer(ctx *cli.Context, colours bool) (*deploy.Deployer, error) {
	to, err := c.arguments(ctx, colours)
	if err != nil {
		return nil, err
	}
	options, f, err := config.Read(ctx, c.Getenv)
	if err != nil {
		return nil, err
	}
	config.LearnSecrets(&c.mask, f)
	for _, path := range options.Compose.Paths() {
		c.mask.Keep(path)
	}
	options.Settings.TryRestart = ctx.Bool("try-restart")
	options.Settings.To, options.Compose.Learn, options.Mask = to, c.mask.Learn, &c.mask
	options.Compose.OnlyWhatRuns = slices.Contains([]string{"status", "health", "settle", "rollback"}, ctx.Command.Name)
	options.Nginx.Unlocked = ctx.Bool("dry-run") || slices.Contains([]string{"status", "health", "doctor"}, ctx.Command.Name)
	return connect(c.ctx, options, ui.Redacted{Progress: c.progress(), Redactor: &c.mask})
}

// arguments reads the colour, if the command takes one, and the format of the report.
func (c *command) arguments(ctx *cli.Context, colours bool) (model.Colour, error) {
	c.format, c.quiet, c.verbose = ctx.String("format"), ctx.Bool("quiet"), ctx.Bool("verbose")
	config.KeepPaths(&c.mask, ctx)
	if c.format != "text" && c.format != "json" {
		given := c.format
		c.format = "text"
		return model.None, model.Invalid("invalid --format %q: must be text or json", given)
	}
	if c.quiet && c.verbose {
		return model.None, model.Invalid("--quiet and --verbose cannot be used together")
	}
	return colourArgument(ctx, colours)
}

func colourArgument(ctx *cli.Context, allowed bool) (model.Colour, error) {
	most := 0
	if allowed {
		most = 1
	}
	if ctx.NArg() > most {
		return model.None, model.Invalid("unexpected argument %q; see bluegate %s --help", ctx.Args().Get(most), ctx.Command.Name)
	}
	if ctx.NArg() == 0 {
		return model.None, nil
	}
	to, err := model.ParseColour(ctx.Args().First())
	if err != nil {
		return model.None, &model.InvalidError{Err: err}
	}
	return to, nil
}

func (c *command) deploy(ctx *cli.Context) error {
	d, err := c.deployer(ctx, true)
	if err != nil {
		return err
	}
	if ctx.Bool("dry-run") {
		c.report = d.DryRun(c.ctx)
		return nil
	}
	if _, _, err := findAgent(""); err != nil {
		return err
	}
	c.report = d.Run(c.ctx)
	return nil
}

func (c *command) rollback(ctx *cli.Context) error {
	d, err := c.deployer(ctx, false)
	if err != nil {
		return err
	}
	if ctx.Bool("dry-run") {
		c.report = d.RollbackDryRun(c.ctx)
		return nil
	}
	if _, _, err := findAgent(""); err != nil {
		return err
	}
	c.report = d.Rollback(c.ctx)
	return nil
}

func (c *command) settle(ctx *cli.Context) error {
	d, err := c.deployer(ctx, false)
	if err == nil {
		d.Settings.Cut = ctx.Bool("cut")
		c.report = d.Settle(c.ctx)
	}
	return err
}

func (c *command) status(ctx *cli.Context) error {
	d, err := c.deployer(ctx, false)
	if err == nil {
		c.report = d.Status(c.ctx)
	}
	return err
}

func (c *command) health(ctx *cli.Context) error {
	d, err := c.deployer(ctx, true)
	if err == nil {
		c.report = d.Health(c.ctx)
	}
	return err
}

func (c *command) doctor(ctx *cli.Context) error {
	d, err := c.deployer(ctx, false)
	if err == nil {
		c.report = d.Doctor(c.ctx)
	}
	return err
}

func (c *command) schema(ctx *cli.Context) error {
	schemas := map[string]string{"": ui.ReportSchema, "report": ui.ReportSchema, "config": config.Schema}
	text, ok := schemas[ctx.Args().First()]
	switch {
	case !ok:
		return model.Invalid("unknown schema %q: must be report or config", ctx.Args().First())
	case ctx.NArg() > 1:
		return model.Invalid("unexpected argument %q; see bluegate schema --help", ctx.Args().Get(1))
	}
	_, err := io.WriteString(c.Stdout, text)
	return err
}

// progress returns the progress on stderr. It acknowledges a signal as soon as it arrives: undoing may take minutes.
func (c *command) progress() model.Progress {
	p := ui.NewProgress(context.WithoutCancel(c.ctx), c.Stderr, c.Getenv, c.quiet) // it also shows the undoing after a signal
	say := p.Say
	if c.quiet {
		say = func(format string, args ...any) { fmt.Fprintf(c.Stderr, "bluegate: "+format+"\n", args...) }
	}
	acknowledge(c.ctx, c.name, say)
	return p
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
