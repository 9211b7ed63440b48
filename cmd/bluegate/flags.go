package main

import (
	"slices"

	"github.com/urfave/cli/v2"
)

func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "the configuration `FILE`", DefaultText: "bluegate.yml in the project directory, if it exists", EnvVars: []string{"BLUEGATE_CONFIG"}},
		&cli.StringFlag{Name: "project-directory", Usage: "the `DIR` with the Compose files", DefaultText: "the current directory", EnvVars: []string{"BLUEGATE_PROJECT_DIRECTORY"}},
		&cli.StringSliceFlag{Name: "file", Aliases: []string{"f"}, Usage: "a Compose `FILE`, once for each, in Compose's order; {colour} stands for the colour", DefaultText: "compose.files, or the usual names"},
		&cli.StringFlag{Name: "project-name", Aliases: []string{"p"}, Usage: "the `NAME` of the Compose project; {colour} stands for the colour", DefaultText: "compose.project, or as Compose names it"},
		&cli.StringFlag{Name: "context", Usage: "the Docker context `NAME`", EnvVars: []string{"BLUEGATE_CONTEXT"}},
		&cli.StringFlag{Name: "host", Usage: "the `URL` of the engine: unix://, tcp:// or ssh://", EnvVars: []string{"BLUEGATE_HOST"}},
		&cli.StringFlag{Name: "format", Usage: "text or json; the report is written to stdout, progress to stderr", Value: "text", EnvVars: []string{"BLUEGATE_FORMAT"}},
		&cli.StringSliceFlag{Name: "report", Usage: "also write the report into a file, as `KIND=FILE`, once for each: json, junit or markdown"},
		&cli.StringFlag{Name: "progress", Usage: "`HOW` progress is shown: auto, plain, json or quiet; auto is a live view on a terminal, and lines elsewhere", Value: "auto", EnvVars: []string{"BLUEGATE_PROGRESS"}},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "do not show progress, as --progress quiet"},
		&cli.BoolFlag{Name: "no-color", Usage: "use neither colours nor signs outside ASCII, as the variable NO_COLOR does"},
		&cli.BoolFlag{Name: "verbose", Usage: "show everything: the proof of the switch, each step, the names of what was removed"},
	}
}

func deployFlags() []cli.Flag {
	return append(settingFlags(),
		&cli.BoolFlag{Name: "dry-run", Usage: "show what would happen, and change nothing"},
		&cli.BoolFlag{Name: "no-pull", Usage: "do not contact registries: use the images on the engine; services with a build section are still built"},
		untilFlag(),
		replaceFlag(),
		setFlag(),
		waitLock(),
	)
}

// setFlag gives variables to one deployment.
func setFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "set", Aliases: []string{"e"}, Usage: "a variable for the Compose files of this deployment, as `NAME=VALUE`, once for each; it is used instead of the environment's and of .env's"}
}

func settleFlags() []cli.Flag {
	return []cli.Flag{waitLock(), &cli.BoolFlag{Name: "cut", Usage: "stop the idle colour even if it has open connections"}}
}

func doctorFlags() []cli.Flag {
	return []cli.Flag{setFlag(), &cli.IntFlag{Name: "explain", Usage: "show number `N` of what was found in full, with every place and the whole remedy", DefaultText: "a few lines of each"}, &cli.BoolFlag{Name: "try-restart", Usage: "start a copy of nginx's container with its own entrypoint and without traffic, show whether a restart would undo a switch (exit 3), and remove the copy; whatever the entrypoint does over the network happens"}}
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

// rollbackFlags are the flags of deploy, except those that choose images, because a rollback uses the images of its release,
// and those of a preview.
func rollbackFlags() []cli.Flag {
	return slices.DeleteFunc(deployFlags(), func(f cli.Flag) bool {
		return slices.Contains([]string{"no-pull", "set", "until"}, f.Names()[0])
	})
}

func initFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "dry-run", Usage: "show what would be written, and write nothing"},
		&cli.BoolFlag{Name: "write", Usage: "also edit your own files where that is needed: Compose files without colours, nginx's file, an existing bluegate.yml; a copy of each is kept"},
	}
}
