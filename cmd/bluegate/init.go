package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aymanbagabas/go-udiff"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/adopt"
	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui"
	"bluegate/compose/load"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// init detects the setup from the folder, the engine and nginx, and writes the smallest bluegate.yml that fits. It
// never overwrites one.
func (c *command) init(ctx *cli.Context) error {
	if _, err := c.arguments(ctx, false); err != nil {
		return err
	}
	dir, err := config.ProjectDirectory(ctx)
	if err != nil {
		return err
	}
	have, err := config.Find(ctx.String("config"), dir)
	if err != nil && !(ctx.IsSet("config") && errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	if done, err := c.initCheckup(ctx, dir, have); done {
		return err
	}
	a := ui.InitResult{Command: "init", Outcome: model.OK, Directory: dir, File: have.Path, Exists: have.Text != nil}
	setup, err := detect(dir)
	if err != nil && !a.Exists {
		return err
	}
	a.Found, a.Content = setup.Observations, setup.Proposal.YAML()
	found := have
	if !a.Exists {
		found = proposed(have.Path, a.Content)
	}
	a.Doctor = c.runDoctor(ctx, dir, found)
	if !a.Exists && needsContainer(a.Doctor) && setup.Container != "" {
		setup.Proposal.Nginx.Container = setup.Container
		a.Content = setup.Proposal.YAML()
		a.Doctor = c.runDoctor(ctx, dir, proposed(have.Path, a.Content))
	}
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	switch {
	case a.Exists && a.Content != "":
		a.Diff = udiff.Unified(have.Path, have.Path+" (proposed)", string(have.Text), a.Content)
	case !a.Exists && a.Content != "" && !ctx.Bool("dry-run"):
		if err := create(have.Path, a.Content); err != nil {
			return err
		}
		a.Written = true
	}
	c.mask.Apply(a.Doctor)
	a.Diff = c.mask.Text(a.Diff)
	return ui.Write(c.Stdout, c.format, a, ui.InitText(a))
}

// FileMode is the mode of a new bluegate.yml.
const FileMode = 0o644

// create writes a new file. It fails if the file exists by now.
func create(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, FileMode)
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// proposed returns the bluegate.yml to be written; an empty text means none.
func proposed(path, text string) config.Source {
	if text == "" {
		return config.Source{Path: path}
	}
	return config.Source{Path: path, Text: []byte(text), Mode: FileMode}
}

// detect recognises the layout, or returns why there is none.
func detect(dir string) (adopt.Setup, error) {
	conventional, none := load.Options{Dir: dir}.FilesFound()
	if none != nil {
		conventional = nil
	}
	setup := adopt.Detect(os.DirFS(dir), os.DirFS("/"), loader.NormalizeProjectName(filepath.Base(dir)), conventional)
	if none != nil && len(setup.Proposal.Files) == 0 {
		return setup, fmt.Errorf("nothing to adopt here: %w", none)
	}
	return setup, nil
}

// runDoctor returns the doctor's report for a bluegate.yml that may not exist yet.
func (c *command) runDoctor(ctx *cli.Context, dir string, found config.Source) *report.Report {
	f, err := config.Parse(found, c.Getenv)
	var o config.Options
	if err == nil {
		o, err = config.NewOptions(ctx, dir, &f)
	}
	config.LearnSecrets(&c.mask, &f)
	if err != nil {
		return errorReport(c.ctx, "doctor", err)
	}
	o.Compose.Learn = c.mask.Learn
	d, err := connect(c.ctx, o, ui.Quiet{})
	if err != nil {
		return errorReport(c.ctx, "doctor", err)
	}
	return d.Doctor(c.ctx)
}

// needsContainer says whether nginx was not found, or more than one, so that nginx.container must be set.
func needsContainer(r *report.Report) bool {
	for _, f := range r.Findings {
		if f.Code == "nginx-absent" {
			return true
		}
	}
	return r.Outcome == model.Unreachable && len(r.Steps) > 0
}
