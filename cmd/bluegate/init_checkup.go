package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aymanbagabas/go-udiff"
	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/adopt"
	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui"
	"bluegate/compose/load"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// readCheckup reads the checkup.json of a folder; without one, the result is empty.
func readCheckup(dir string) (adopt.Checkup, error) {
	text, err := os.ReadFile(filepath.Join(dir, adopt.CheckupFile))
	if errors.Is(err, fs.ErrNotExist) {
		return adopt.Checkup{}, nil
	}
	if err == nil {
		var c adopt.Checkup
		if c, err = adopt.ReadCheckup(text); err == nil {
			return c, nil
		}
	}
	return adopt.Checkup{}, &model.InvalidError{Err: err}
}

// initCheckup takes over the checkup.json of a folder without an application: the file has watch and notify only, and
// there is no deployment for a doctor to examine. done is false for any other folder.
func (c *command) initCheckup(ctx *cli.Context, dir string, have config.Source) (done bool, err error) {
	found, err := readCheckup(dir)
	if err != nil {
		return true, err
	}
	folder := adopt.Folder{Path: dir, Files: os.DirFS(dir)}
	folder.Look()
	if _, none := (load.Options{Dir: dir}).FilesFound(); none == nil || folder.HasCompose() || found.YAML == "" {
		return false, nil
	}
	a := ui.InitResult{Command: "init", Outcome: model.OK, Directory: dir, File: have.Path, Exists: have.Text != nil, Content: found.YAML, Found: found.Observations}
	a.Doctor = report.NewReport("doctor").Finish(model.OK)
	f, err := config.Parse(proposed(have.Path, a.Content), c.Getenv)
	if err == nil {
		var o config.Options
		o, err = config.NewOptions(ctx, dir, &f)
		a.Doctor.Findings = append(a.Doctor.Findings, notifyFindings(o)...)
	}
	if err != nil {
		return true, err
	}
	switch {
	case a.Exists:
		a.Diff = udiff.Unified(have.Path, have.Path+" (proposed)", string(have.Text), a.Content)
	case !ctx.Bool("dry-run"):
		if err := create(have.Path, a.Content); err != nil {
			return true, err
		}
		a.Written = true
	}
	a.Diff = c.mask.Text(a.Diff)
	return true, ui.Write(c.Stdout, c.format, a, ui.InitWatchText(a))
}

// addCheckup adds the checkup.json of a folder with an application to its new bluegate.yml.
func (i *initial) addCheckup() error {
	found, err := readCheckup(i.dir)
	if err != nil || found.YAML == "" || i.have.Text != nil {
		return err
	}
	i.result.Content += found.YAML
	i.result.Found = append(i.result.Found, found.Observations...)
	return nil
}

// notifyFindings are the addresses of notifications that are not known.
func notifyFindings(o config.Options) (all []model.Finding) {
	for _, n := range o.Notify {
		if n.Finding != nil {
			all = append(all, *n.Finding)
		}
	}
	return all
}
