package helper

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

func replace(r Replace) Response {
	path, err := filepath.EvalSymlinks(r.Path)
	if err != nil {
		return Response{Error: err.Error()}
	}
	now, err := os.ReadFile(path)
	if err != nil {
		return Response{Error: err.Error()}
	}
	if bytes.Equal(now, r.New) {
		return Response{Atomic: true} // done already
	}
	if !bytes.Equal(now, r.Old) {
		return Response{Changed: true, Error: path + " was changed by somebody else; it is left as it is"}
	}
	err = byRename(path, r)
	// EBUSY: the file itself is a mount point, so that no rename can reach it.
	if errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV) {
		if err := inPlace(path, r); err != nil {
			return Response{Error: err.Error()}
		}
		return Response{}
	}
	if err != nil {
		return Response{Error: err.Error()}
	}
	return Response{Atomic: true}
}

// byRename gives readers the old file or the new one, never a part, and both survive a power cut. The temporary name
// begins with a dot and ends in no .conf: nginx's include globs pass it by.
func byRename(path string, r Replace) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".bluegate-tmp")
	_ = os.Remove(tmp) // of a run that was killed here
	defer os.Remove(tmp)
	if err := writeNew(tmp, r, info); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func writeNew(tmp string, r Replace, like fs.FileInfo) error {
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(r.New); err != nil {
		return err
	}
	if st, ok := like.Sys().(*syscall.Stat_t); ok {
		if err := f.Chown(int(st.Uid), int(st.Gid)); err != nil {
			return err
		}
	}
	if err := f.Chmod(like.Mode().Perm()); err != nil { // after the chown, which clears setuid bits
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return setTime(tmp, r)
}

// inPlace writes the same inode, the only one that a mounted file shows. It first overwrites at the old length, padded
// with line ends, and cuts then: a reader never finds the file empty.
func inPlace(path string, r Replace) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	padded := r.New
	if pad := len(r.Old) - len(r.New); pad > 0 {
		padded = append(bytes.Clone(r.New), bytes.Repeat([]byte("\n"), pad)...)
	}
	if _, err := f.WriteAt(padded, 0); err != nil {
		// What was half written is put back at once: nginx may be started at any moment.
		_, undo := f.WriteAt(r.Old, 0)
		return errors.Join(fmt.Errorf("write %s in place: %w", path, err), undo, f.Truncate(int64(len(r.Old))))
	}
	if err := f.Truncate(int64(len(r.New))); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return setTime(path, r)
}

func setTime(path string, r Replace) error {
	if r.ModTime.IsZero() {
		return nil
	}
	return os.Chtimes(path, r.ModTime, r.ModTime)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
