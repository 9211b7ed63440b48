package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/deploy/drill"
	"bluegate/deploy/drill/load"
	"bluegate/deploy/model"
)

func drillFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "switches", Usage: "how many switches there are, an even `NUMBER`", Value: drill.DefaultSwitches},
		&cli.IntFlag{Name: "rate", Usage: "how many short requests are sent per second, at most a `NUMBER`", Value: drill.DefaultRate},
		&cli.StringSliceFlag{Name: "path", Usage: "the `[KIND=]/PATH` of requests, once for each; the kinds are " + drill.Kinds() + "; without a kind it is for short requests", DefaultText: "/"},
		&cli.BoolFlag{Name: "allow-post", Usage: "also send POST requests: to the paths of their kinds, otherwise to the first path of short requests"},
		&cli.StringFlag{Name: "url", Usage: "the `URL` at which nginx answers", DefaultText: "the port that nginx publishes"},
		&cli.StringSliceFlag{Name: "header", Usage: "a header of each request, as `\"NAME: VALUE\"`, once for each; Host is the host that is requested"},
		&cli.BoolFlag{Name: "insecure", Usage: "do not check the certificate of an https URL"},
		&cli.BoolFlag{Name: "accept-announced", Usage: "exit 0 if only requests were lost whose loss doctor announces"},
		&cli.StringFlag{Name: "badge", Usage: "write the result into a `FILE` as a badge, in SVG"},
		setFlag(), waitLock(),
		&cli.DurationFlag{Name: "timeout", Usage: "how long the copy may take to become healthy", DefaultText: "computed from its healthchecks", EnvVars: []string{"BLUEGATE_TIMEOUT"}},
	}
}

// drill switches to a copy of the live colour and back.
func (c *command) drill(ctx *cli.Context) error {
	settings, err := drillSettings(ctx)
	if err != nil {
		return err
	}
	badge := ctx.String("badge")
	if info, err := os.Stat(filepath.Dir(badge)); badge != "" && (err != nil || !info.IsDir()) {
		return model.Invalid("--badge %s: there is no directory %s", badge, filepath.Dir(badge))
	}
	d, err := c.deployer(ctx, false)
	if err != nil {
		return err
	}
	for name, values := range settings.Header {
		c.mask.Learn(name, values[0])
	}
	c.report = d.Drill(c.ctx, settings)
	if result := c.report.Drill; badge != "" && result != nil {
		if err := os.WriteFile(badge, drill.Badge(result), 0o644); err != nil { // the exit code is that of the drill
			fmt.Fprintf(c.Stderr, "bluegate: write the badge: %v\n", err)
		}
	}
	return nil
}

// drillSettings reads the flags of a drill.
func drillSettings(ctx *cli.Context) (drill.Settings, error) {
	s := drill.Settings{
		Switches: ctx.Int("switches"), Rate: ctx.Int("rate"), Paths: map[load.Kind][]string{}, AllowPost: ctx.Bool("allow-post"), URL: ctx.String("url"),
		Header: http.Header{}, Insecure: ctx.Bool("insecure"), AcceptAnnounced: ctx.Bool("accept-announced"),
	}
	for _, text := range ctx.StringSlice("path") {
		kinds, path, err := drill.ParsePath(text)
		if err != nil {
			return s, err
		}
		for _, kind := range kinds {
			s.Paths[kind] = append(s.Paths[kind], path)
		}
	}
	for _, text := range ctx.StringSlice("header") {
		name, value, ok := strings.Cut(text, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return s, model.Invalid("invalid --header %q: write \"NAME: VALUE\"", text)
		}
		s.Header.Add(name, strings.TrimSpace(value))
	}
	return s, s.Check()
}
