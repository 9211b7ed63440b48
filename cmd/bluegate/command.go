package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/config/strict"
	"bluegate/cmd/bluegate/ui"
	"bluegate/cmd/bluegate/ui/ci"
	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/cmd/bluegate/ui/style"
	"bluegate/cmd/bluegate/wire"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/deploy/report"
	"bluegate/watch/page"
)

// version and commit are set by the linker. Without it the go command says the commit.
var (
	version = "dev"
	commit  string
)

// command is one call of the program: what it was asked to do, and the result.
type command struct {
	process
	ctx     context.Context
	name    string
	args    []string // flags before arguments
	began   time.Time
	report  *report.Report
	files   []ci.ReportFile // into which the report is written
	section *ci.Section     // of a CI job's log; nil: none was begun
	exit    int             // the exit code of a command that has no report
	mask    redact.Redactor
	format  string
	quiet   bool
	verbose bool
	shown   progress.Options // of the progress
	explain int              // of doctor: the number of what is shown in full
	// settings are those that were read; after is done when the report was printed. Both may be nil.
	settings *config.Options
	after    func()
}

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

// deployer reads the settings that all commands share and connects to the engine. It refuses arguments that the command
// does not take.
func (c *command) deployer(ctx *cli.Context, colours bool) (*deploy.Deployer, error) {
	to, err := c.arguments(ctx, colours)
	if err != nil {
		return nil, err
	}
	options, err := c.options(ctx)
	if err != nil {
		return nil, err
	}
	options.Settings.To = to
	return wire.Connect(c.ctx, options, progress.Redacted{Progress: c.progress(), Redactor: &c.mask})
}

// looking are the commands that start no release: the Compose files may name variables that are not set.
var looking = []string{"status", "health", "settle", "rollback", "promote", "abort", "preview", "history", "logs", "watch"}

// options reads the settings that all commands share, and learns their secrets.
func (c *command) options(ctx *cli.Context) (config.Options, error) {
	options, f, err := config.Read(ctx, c.Getenv)
	if err != nil {
		return options, err
	}
	options.Docker = c.Docker
	config.LearnSecrets(&c.mask, f)
	for _, path := range options.Compose.Paths() {
		c.mask.Keep(path)
	}
	options.Settings.TryRestart, options.Settings.Cut = ctx.Bool("try-restart"), ctx.Bool("cut")
	if err := untilPreview(ctx, &options.Settings); err != nil {
		return options, err
	}
	for name, value := range options.Compose.Set {
		c.mask.Learn(name, value)
		options.Settings.Set = append(options.Settings.Set, c.mask.Text(name+"="+value))
	}
	slices.Sort(options.Settings.Set)
	options.Compose.Learn, options.Mask = c.mask.Learn, &c.mask
	options.Compose.OnlyWhatRuns = slices.Contains(looking, ctx.Command.Name)
	options.Nginx.Unlocked = ctx.Bool("dry-run") || slices.Contains([]string{"status", "health", "doctor", "preview"}, ctx.Command.Name)
	c.settings = &options
	return options, nil
}

// arguments reads the colour, if the command takes one, and the format of the report.
func (c *command) arguments(ctx *cli.Context, colours bool) (model.Colour, error) {
	if err := c.output(ctx); err != nil {
		return model.None, err
	}
	return colourArgument(ctx, colours)
}

// reporting are the commands that make a report.
var reporting = []string{"deploy", "rollback", "promote", "abort", "drill", "settle", "status", "health", "doctor"}

// output reads how the result is to be shown.
func (c *command) output(ctx *cli.Context) (err error) {
	if c.files, err = ci.ReportFiles(ctx.StringSlice("report")); err != nil {
		return err
	}
	if len(c.files) > 0 && !slices.Contains(reporting, ctx.Command.Name) {
		return model.Invalid("bluegate %s makes no report, so --report cannot be used; its output is on stdout", ctx.Command.Name)
	}
	c.format, c.quiet, c.verbose = ctx.String("format"), ctx.Bool("quiet"), ctx.Bool("verbose")
	c.shown = progress.Options{Mode: progress.Mode(ctx.String("progress")), NoColour: ctx.Bool("no-color"), Remains: !style.LookOf(c.Stdout, c.Getenv, false).Terminal}
	config.KeepPaths(&c.mask, ctx)
	if c.format != "text" && c.format != "json" {
		given := c.format
		c.format = "text"
		return model.Invalid("invalid --format %q: must be text or json%s", given, strict.Suggest(given, []string{"text", "json"}))
	}
	if !slices.Contains(progress.Modes, string(c.shown.Mode)) {
		return model.Invalid("invalid --progress %q: must be %s%s", c.shown.Mode, strings.Join(progress.Modes, ", "), strict.Suggest(string(c.shown.Mode), progress.Modes))
	}
	if c.quiet {
		c.shown.Mode = progress.NoLines
	}
	c.quiet = c.shown.Mode == progress.NoLines
	if c.explain = ctx.Int("explain"); c.explain < 0 || c.explain == 0 && ctx.IsSet("explain") {
		return model.Invalid("invalid --explain %d: it takes the number of something that doctor found, from 1", c.explain)
	}
	if c.quiet && c.verbose {
		return model.Invalid("--quiet and --verbose cannot be used together")
	}
	return nil
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
	given := ctx.Args().First()
	to, err := model.ParseColour(given)
	if err != nil {
		return model.None, model.Invalid("%w%s", err, strict.Suggest(given, []string{string(model.Blue), string(model.Green)}))
	}
	return to, nil
}

func (c *command) schema(ctx *cli.Context) error {
	schemas := map[string]string{"": ui.ReportSchema, "report": ui.ReportSchema, "config": config.Schema, "page": page.Schema}
	text, ok := schemas[ctx.Args().First()]
	switch {
	case !ok:
		return model.Invalid("unknown schema %q: must be report, config or page%s", ctx.Args().First(), strict.Suggest(ctx.Args().First(), []string{"report", "config", "page"}))
	case ctx.NArg() > 1:
		return model.Invalid("unexpected argument %q; see bluegate schema --help", ctx.Args().Get(1))
	}
	_, err := io.WriteString(c.Stdout, text)
	return err
}

// textOptions are how a report is shown as text.
func (c *command) textOptions() ui.TextOptions {
	return ui.TextOptions{Look: style.LookOf(c.Stdout, c.Getenv, c.shown.NoColour), Verbose: c.verbose, Explain: c.explain, Now: time.Now()}
}

// progress returns the progress on stderr. It acknowledges a signal as soon as it arrives: undoing may take minutes.
func (c *command) progress() model.Progress {
	if !c.quiet && c.shown.Mode != progress.JSON && c.shown.Mode != progress.NoLines {
		c.section = ci.NewSection(c.Stderr, "bluegate "+c.name, c.Getenv, time.Now())
	}
	p := progress.New(context.WithoutCancel(c.ctx), c.Stderr, c.Getenv, c.shown) // it also shows the undoing after a signal
	say := p.Say
	if c.quiet {
		say = func(format string, args ...any) { fmt.Fprintf(c.Stderr, "bluegate: "+format+"\n", args...) }
	}
	acknowledge(c.ctx, c.name, say)
	return p
}
