// Package setup is the command init: it tries what package adopt proposes against what runs, and writes bluegate.yml.
package setup

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
	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/cmd/bluegate/wire"
	"bluegate/compose/connect"
	"bluegate/compose/load"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/deploy/report"
)

// Process is what init has of the process that runs it.
type Process struct {
	Getenv func(string) string
	Mask   *redact.Redactor
	Docker []string // flags of the docker command that started this process as its plugin
	// Failed is the report of a command that failed before it asked the engine.
	Failed func(ctx context.Context, command string, err error) *report.Report
}

// run is one call of init: what it found, and its result.
type run struct {
	Process
	ctx    context.Context
	flags  *cli.Context
	dir    string
	have   config.Source // bluegate.yml, if there is one
	folder adopt.Folder
	conn   *connect.Connection
	result ui.InitResult
}

// Run finds the smallest bluegate.yml with which a deployment would begin: each candidate is tried against what runs. It
// changes nothing but bluegate.yml, and the user's own files only with --write. text is the result for people; secrets
// are hidden in both.
func Run(ctx context.Context, p Process, flags *cli.Context) (result ui.InitResult, text string, err error) {
	i := &run{Process: p, ctx: ctx, flags: flags}
	if err := i.where(); err != nil {
		return result, "", err
	}
	switch done, err := i.onlyCheckup(); {
	case err != nil:
		return result, "", err
	case done:
		return i.result, ui.InitWatchText(i.result), nil
	}
	for _, step := range []func() error{i.look, i.propose, i.addCheckup, func() error { return context.Cause(ctx) }, i.write} {
		if err := step(); err != nil {
			return result, "", err
		}
	}
	i.finish()
	return i.result, ui.InitText(i.result), nil
}

// where finds the folder, and its bluegate.yml.
func (i *run) where() (err error) {
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
func (i *run) look() (err error) {
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
	to, err := wire.Open(i.ctx, o)
	if err != nil {
		return err
	}
	i.conn = to.Engine
	if i.folder.Truth, err = whatRuns(i.ctx, i.conn); err != nil {
		return err
	}
	i.folder.Swarm, err = swarmOf(i.ctx, i.conn)
	return err
}

// options are the settings with a bluegate.yml.
func (i *run) options(found config.Source) (config.Options, error) {
	f, err := config.Parse(found, i.Getenv)
	var o config.Options
	if err == nil {
		o, err = config.NewOptions(i.flags, i.dir, &f)
	}
	config.LearnSecrets(i.Mask, &f)
	o.Docker, o.Compose.Learn = i.Docker, i.Mask.Learn
	o.Nginx.Unlocked = true
	return o, err
}

// propose decides which of the ways of init this folder needs.
func (i *run) propose() error {
	i.result.Found = i.folder.Hints.Observations
	switch {
	case i.have.Text != nil:
		return i.completed()
	case len(i.folder.InSwarm()) > 0: // one file serves both stacks
	case i.plain():
		return nil
	}
	return i.tried("")
}

// fileMode is the mode of a new bluegate.yml.
const fileMode = 0o644

// proposed is the bluegate.yml to be written; an empty text means none.
func (i *run) proposed(text string) config.Source {
	if text == "" {
		return config.Source{Path: i.have.Path}
	}
	return config.Source{Path: i.have.Path, Text: []byte(text), Mode: fileMode}
}

// doctor returns the doctor's report for a bluegate.yml that may not exist yet.
func (i *run) doctor(found config.Source) *report.Report {
	o, err := i.options(found)
	if err != nil {
		return i.Failed(i.ctx, "doctor", err)
	}
	d, err := wire.Connect(i.ctx, o, progress.Quiet{})
	if err != nil {
		return i.Failed(i.ctx, "doctor", err)
	}
	return d.Doctor(i.ctx)
}

// freePort says whether nothing on this machine listens on a port. On another machine's engine only what its containers
// publish is known.
func (i *run) freePort(port int) bool {
	if !i.conn.Local() {
		return true
	}
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
