package main

import (
	"cmp"
	"errors"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/ui"
	"bluegate/compose/connect"
	"bluegate/deploy/model"
)

// showVersion shows the versions of this executable, and of the engine if that answers.
func (c *command) showVersion(ctx *cli.Context) error {
	if _, err := c.arguments(ctx, false); err != nil {
		return err
	}
	shown := ui.VersionResult{Command: "version", Outcome: model.OK, Client: buildVersions(debug.ReadBuildInfo())}
	engine, err := connect.To(c.ctx, ctx.String("host"), ctx.String("context"), c.Docker...)
	if err == nil {
		known := ui.EngineVersions(engine.Versions())
		shown.Client.API, shown.Engine = engine.NewestAPI(), &known
	}
	if c.ctx.Err() != nil || errors.As(err, new(*model.InvalidError)) { // a context that does not exist
		return err
	}
	if err != nil { // the versions of the executable are known all the same
		shown.EngineError = c.mask.Text(err.Error())
	}
	return ui.Write(c.Stdout, c.format, shown, ui.VersionText(shown))
}

// buildVersions are the versions that the linker and the go command wrote into the executable.
func buildVersions(info *debug.BuildInfo, ok bool) ui.ClientVersions {
	v := ui.ClientVersions{Version: version, Commit: commit, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = cmp.Or(v.Commit, s.Value)
		case "vcs.time":
			v.CommitTime = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, dep := range info.Deps {
		if dep.Path == "github.com/docker/compose/v5" {
			v.Compose = strings.TrimPrefix(dep.Version, "v")
		}
	}
	return v
}

// help shows the commands, or the flags of one.
func (c *command) help(ctx *cli.Context) error {
	if ctx.NArg() == 0 {
		return cli.ShowAppHelp(ctx)
	}
	name := ctx.Args().First()
	if ctx.App.Command(name) == nil {
		return unknownCommand(ctx)
	}
	return c.app().Run([]string{"bluegate", name, "--help"})
}
