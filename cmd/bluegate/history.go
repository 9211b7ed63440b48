package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui"
	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/cmd/bluegate/ui/style"
	"bluegate/cmd/bluegate/wire"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

func historyFlags() []cli.Flag {
	return []cli.Flag{&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Usage: "how many releases are listed", Value: 20}}
}

// history lists the releases that ended, or shows one. It asks the engine, and not nginx.
func (c *command) history(ctx *cli.Context) error {
	if err := c.output(ctx); err != nil {
		return err
	}
	one, err := historyArguments(ctx)
	if err != nil {
		return err
	}
	options, err := c.options(ctx)
	if err != nil {
		return err
	}
	project, records, err := past(c.ctx, options)
	if err != nil {
		return err
	}
	shown := ui.HistoryResult{Command: "history", Outcome: model.OK, Project: project, Releases: records}
	if one != "" {
		if shown.Releases, err = releaseOf(records, one); err != nil {
			return err
		}
		return ui.Write(c.Stdout, c.format, shown, redact.Clean(ui.ReleaseText(shown.Releases)))
	}
	total := len(records)
	shown.Releases = records[:min(total, ctx.Int("limit"))]
	return ui.Write(c.Stdout, c.format, shown, redact.Clean(ui.HistoryText(style.LookOf(c.Stdout, c.Getenv, c.shown.NoColour), project, shown.Releases, total, time.Now())))
}

// past asks the engine for the history of the application.
func past(ctx context.Context, options config.Options) (string, []model.HistoryRecord, error) {
	d, err := wire.Connect(ctx, options, progress.Quiet{})
	if err != nil {
		return "", nil, err
	}
	return d.Past(ctx)
}

// historyArguments returns the release that is to be shown; empty: all are listed.
func historyArguments(ctx *cli.Context) (string, error) {
	args := ctx.Args().Slice()
	switch {
	case ctx.Int("limit") < 1:
		return "", model.Invalid("--limit must be at least 1")
	case len(args) == 0:
		return "", nil
	case args[0] != "show":
		return "", model.Invalid("unexpected argument %q; to show one release, run: bluegate history show RELEASE", args[0])
	case len(args) == 1:
		return "", model.Invalid("history show needs a release; `bluegate history` lists them")
	case len(args) > 2:
		return "", model.Invalid("unexpected argument %q; see bluegate history --help", args[2])
	}
	return args[1], nil
}

// releaseOf are the records of one release: it may have been refused and then gone back to. The beginning or the end of
// its id suffices if only one release has it.
func releaseOf(records []model.HistoryRecord, id string) ([]model.HistoryRecord, error) {
	matches := func(exactly bool) (found []model.HistoryRecord, ids []string) {
		for _, rec := range records {
			if rec.Release == id || !exactly && rec.Release != "" && (strings.HasPrefix(rec.Release, id) || strings.HasSuffix(rec.Release, id)) {
				if found = append(found, rec); !slices.Contains(ids, rec.Release) {
					ids = append(ids, rec.Release)
				}
			}
		}
		return found, ids
	}
	if found, _ := matches(true); len(found) > 0 {
		return found, nil
	}
	switch found, ids := matches(false); len(ids) {
	case 0:
		return nil, model.Invalid("the history has no release %q; `bluegate history` lists those that it has", id)
	case 1:
		return found, nil
	default:
		return nil, model.Invalid("%q is the beginning or the end of several releases: %s; name one of them", id, strings.Join(ids, ", "))
	}
}
