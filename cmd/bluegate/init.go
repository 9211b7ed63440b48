package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/adopt"
	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui"
	"bluegate/compose"
	"bluegate/compose/load"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// initial is one call of init: what it found, and its result.
type initial struct {
	*command
	flags  *cli.Context
	dir    string
	have   config.Source // bluegate.yml, if there is one
	folder adopt.Folder
	conn   *compose.Connection
	result ui.InitResult
}

// init finds the smallest bluegate.yml with which a deployment would begin: each candidate is tried against what runs. It
// changes nothing but bluegate.yml, and the user's own files only with --write.
func (c *command) init(ctx *cli.Context) error {
	if _, err := c.arguments(ctx, false); err != nil {
		return err
	}
	i := &initial{command: c, flags: ctx}
	if err := i.where(); err != nil {
		return err
	}
	if done, err := c.initCheckup(ctx, i.dir, i.have); done {
		return err
	}
	if err := i.look(); err != nil {
		return err
	}
	if err := i.propose(); err != nil {
		return err
	}
	if err := i.addCheckup(); err != nil {
		return err
	}
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	if err := i.write(); err != nil {
		return err
	}
	i.finish()
	return nil
}

// where finds the folder, and its bluegate.yml.
func (i *initial) where() (err error) {
	if i.dir, err = config.ProjectDirectory(i.flags); err != nil {
		return err
	}
	i.have, err = config.Find(i.flags.String("config"), i.dir)
	if err != nil && !(i.flags.IsSet("config") && errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	i.result = ui.InitResult{Command: "init", Outcome: model.OK, Directory: i.dir, File: i.have.Path, Exists: i.have.Text != nil}
	return nil
}

// look reads the folder and asks the engine what runs.
func (i *initial) look() (err error) {
	i.folder = adopt.Folder{Path: i.dir, Files: os.DirFS(i.dir), Name: loader.NormalizeProjectName(filepath.Base(i.dir))}
	i.folder.Conventional, err = load.Options{Dir: i.dir}.FilesFound()
	i.folder.Look()
	if err != nil && i.have.Text == nil && !i.folder.HasCompose() {
		return fmt.Errorf("nothing to adopt here: %w", err)
	}
	o, err := i.options(i.have)
	if err != nil {
		return err
	}
	to, err := open(i.ctx, o)
	if err != nil {
		return err
	}
	i.conn = to.engine
	i.folder.Truth, err = whatRuns(i.ctx, i.conn)
	return err
}

// options are the settings with a bluegate.yml.
func (i *initial) options(found config.Source) (config.Options, error) {
	f, err := config.Parse(found, i.Getenv)
	var o config.Options
	if err == nil {
		o, err = config.NewOptions(i.flags, i.dir, &f)
	}
	config.LearnSecrets(&i.mask, &f)
	o.Compose.Learn = i.mask.Learn
	o.Nginx.Unlocked = true
	return o, err
}

// propose decides which of the ways of init this folder needs.
func (i *initial) propose() error {
	i.result.Found = i.folder.Hints.Observations
	switch {
	case i.have.Text != nil:
		return i.completed()
	case i.plain():
		return nil
	}
	return i.tried("")
}

// FileMode is the mode of a new bluegate.yml.
const FileMode = 0o644

// proposed returns the bluegate.yml to be written; an empty text means none.
func proposed(path, text string) config.Source {
	if text == "" {
		return config.Source{Path: path}
	}
	return config.Source{Path: path, Text: []byte(text), Mode: FileMode}
}

func (i *initial) proposed(text string) config.Source { return proposed(i.have.Path, text) }

// doctor returns the doctor's report for a bluegate.yml that may not exist yet.
func (i *initial) doctor(found config.Source) *report.Report {
	o, err := i.options(found)
	if err != nil {
		return errorReport(i.ctx, "doctor", err)
	}
	d, err := connect(i.ctx, o, ui.Quiet{})
	if err != nil {
		return errorReport(i.ctx, "doctor", err)
	}
	return d.Doctor(i.ctx)
}

// freePort says whether nothing on this machine listens on a port. On another machine's engine only what its containers
// publish is known.
func (i *initial) freePort(port int) bool {
	if !i.conn.Local() {
		return true
	}
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
