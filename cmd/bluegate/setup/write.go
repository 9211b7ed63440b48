package setup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bluegate/cmd/bluegate/ui"
	"bluegate/deploy/model"
)

// write writes what the result proposes: a new bluegate.yml, and with --write the edits of the user's own files, of which
// a copy is kept.
func (i *run) write() (err error) {
	r := &i.result
	if r.Outcome != model.OK || i.flags.Bool("dry-run") {
		return nil
	}
	edits := r.Edits
	if i.have.Text != nil && r.Content != "" {
		edits = append(edits, ui.NewEdit(i.dir, i.have.Path, i.have.Text, []byte(r.Content)))
	}
	if i.flags.Bool("write") && len(edits) > 0 {
		if r.Backup, err = i.backUp(edits); err != nil {
			return err
		}
		for n, e := range edits {
			if err := inPlace(e); err != nil {
				return fmt.Errorf("%w; %d of %d files were written, and the files as they were are in %s", err, n, len(edits), r.Backup)
			}
		}
		r.Edited = true
	}
	if i.have.Text == nil && r.Content != "" && (len(r.Edits) == 0 || i.flags.Bool("write")) {
		if err := create(i.have.Path, r.Content); err != nil {
			return err
		}
		r.Written = true
	}
	return nil
}

// backUp copies the files as they are into a folder of their own in the project: a copy next to a file of nginx's could be
// read as one of its files.
func (i *run) backUp(edits []ui.Edit) (string, error) {
	dir := filepath.Join(i.dir, "bluegate-backup", time.Now().UTC().Format("20060102T150405"))
	for n, e := range edits {
		name := filepath.Join(dir, e.File)
		if filepath.IsAbs(e.File) {
			name = filepath.Join(dir, fmt.Sprintf("%d-%s", n, filepath.Base(e.File)))
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return "", fmt.Errorf("keep a copy of %s: %w", e.File, err)
		}
		if err := os.WriteFile(name, e.Before, 0o600); err != nil {
			return "", fmt.Errorf("keep a copy of %s: %w", e.File, err)
		}
	}
	return ui.Below(i.dir, dir), nil
}

// inPlace writes a file without replacing it: a mount of one file goes on to show it, and it keeps its owner and mode.
// What was changed since it was read is not overwritten.
func inPlace(e ui.Edit) (err error) {
	f, err := os.OpenFile(e.Path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("edit %s: %w", e.File, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	have := make([]byte, len(e.Before)+1)
	if n, _ := f.ReadAt(have, 0); string(have[:n]) != string(e.Before) {
		return fmt.Errorf("edit %s: it was changed in the meantime; run bluegate init again", e.File)
	}
	if _, err := f.WriteAt(e.After, 0); err != nil {
		return fmt.Errorf("edit %s: %w", e.File, err)
	}
	if err := f.Truncate(int64(len(e.After))); err != nil {
		return fmt.Errorf("edit %s: %w", e.File, err)
	}
	return nil
}

// create writes a new file. It fails if the file exists by now.
func create(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// finish hides secrets in the result, and writes its exit code.
func (i *run) finish() {
	r := &i.result
	for n := range r.Edits {
		e := &r.Edits[n]
		e.Diff = i.Mask.Text(e.Diff)
	}
	if r.Doctor != nil {
		i.Mask.Apply(r.Doctor)
	}
	r.Diff = i.Mask.Text(r.Diff)
	r.ExitCode = r.Outcome.ExitCode()
}
