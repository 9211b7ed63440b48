package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aymanbagabas/go-udiff"

	"bluegate/cmd/bluegate/adopt"
	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/watching"
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

// onlyCheckup takes over the checkup.json of a folder without an application: the file has watch and notify only, and
// there is no deployment for a doctor to examine. done is false for any other folder.
func (i *run) onlyCheckup() (done bool, err error) {
	found, err := readCheckup(i.dir)
	if err != nil {
		return true, err
	}
	folder := adopt.Folder{Path: i.dir, Files: os.DirFS(i.dir)}
	folder.Look()
	if _, none := (load.Options{Dir: i.dir}).FilesFound(); none == nil || folder.HasCompose() || found.YAML == "" {
		return false, nil
	}
	a := &i.result
	a.Content, a.Found = found.YAML, found.Observations
	a.Doctor = report.NewReport("doctor").Finish(model.OK)
	f, err := config.Parse(i.proposed(a.Content), i.Getenv)
	if err == nil {
		var o config.Options
		o, err = config.NewOptions(i.flags, i.dir, &f)
		a.Doctor.Findings = append(a.Doctor.Findings, watching.Findings(o)...)
	}
	if err != nil {
		return true, err
	}
	switch {
	case a.Exists:
		a.Diff = udiff.Unified(i.have.Path, i.have.Path+" (proposed)", string(i.have.Text), a.Content)
	case !i.flags.Bool("dry-run"):
		if err := create(i.have.Path, a.Content); err != nil {
			return true, err
		}
		a.Written = true
	}
	a.Diff = i.Mask.Text(a.Diff)
	return true, nil
}

// addCheckup adds the checkup.json of a folder with an application to its new bluegate.yml.
func (i *run) addCheckup() error {
	found, err := readCheckup(i.dir)
	if err != nil || found.YAML == "" || i.have.Text != nil {
		return err
	}
	i.result.Content += found.YAML
	i.result.Found = append(i.result.Found, found.Observations...)
	return nil
}
