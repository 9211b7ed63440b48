//go:build linux

package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"bluegate/nginx/fsys"
)

// ErrChanged says that a file holds neither what it should hold nor what it is to hold.
var ErrChanged = errors.New("was changed by someone else; it is left as it is")

// Write does what a Replace asks for. atomic says that readers found the old file or the new one, never a part.
func (r Replace) Write() (atomic bool, err error) {
	path, holds, _, err := r.look()
	switch {
	case err != nil:
		return false, err
	case holds == fsys.HasNew:
		return true, nil // done already
	case holds == fsys.HasOther:
		return false, fmt.Errorf("%s %w", path, ErrChanged)
	}
	r.InPlace = r.InPlace || isMountRoot(path)
	if r.InPlace && (r.New == nil || r.Link != "") {
		return false, fmt.Errorf("%s is mounted by itself, so it can be neither removed nor made a link; mount its folder", path)
	}
	if r.New == nil && r.Link == "" {
		return true, errors.Join(os.Remove(path), syncDir(filepath.Dir(path)))
	}
	if r.InPlace && r.Old != nil {
		return false, inPlace(path, r)
	}
	err = byRename(path, r)
	// EBUSY: the file itself is a mount point, so that no rename can reach it.
	if r.Old != nil && r.Link == "" && (errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV)) {
		return false, inPlace(path, r)
	}
	return true, err
}

// look says where the file is, and which of the two contents it has.
func (r Replace) look() (path string, holds fsys.State, at time.Time, err error) {
	if path, err = r.real(); err != nil {
		return path, "", at, err
	}
	now, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		now, err = nil, nil
	}
	if err != nil {
		return path, "", at, err
	}
	if info, err := os.Stat(path); err == nil {
		at = info.ModTime()
	}
	target, _ := os.Readlink(path) // of a link that is followed there is none left
	switch {
	case fsys.Holds(now, r.New, r.Old) && target == r.Link:
		return path, fsys.HasNew, at, nil
	case fsys.Holds(now, r.Old, r.New) && target == r.OldLink:
		return path, fsys.HasOld, at, nil
	}
	return path, fsys.HasOther, at, nil
}

// real is where the file is that is to be written. A link on the way is followed, except for one that is itself replaced.
func (r Replace) real() (string, error) {
	if r.Link == "" && r.OldLink == "" {
		real, err := filepath.EvalSymlinks(r.Path)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return real, err
		}
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(r.Path))
	return filepath.Join(dir, filepath.Base(r.Path)), err
}

// same tells an absent file, which is nil, from an empty one.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

func replace(r Replace) Response {
	atomic, err := r.Write()
	resp := Response{Atomic: atomic && err == nil, Changed: errors.Is(err, ErrChanged)}
	if err != nil {
		resp.Error = err.Error()
	}
	return resp
}

// byRename gives readers the old file or the new one, never a part, and both survive a power cut. The temporary name
// begins with a dot and ends in no .conf: nginx's include globs pass it by.
func byRename(path string, r Replace) error {
	tmp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".bluegate-tmp")
	_ = os.Remove(tmp) // of a run that was killed here
	defer os.Remove(tmp)
	if err := writeTemporary(path, tmp, r); err != nil {
		return err
	}
	if err := take(tmp, path, r); err != nil {
		return err
	}
	if !r.ModTime.IsZero() {
		if err := fsys.LeaveNoTrace(filepath.Dir(path)); err != nil {
			return err
		}
	}
	return syncDir(filepath.Dir(path))
}

// take puts the temporary file in the place of the other, and looks at what it took away: an edit that came while the
// temporary one was written goes back to its place. Not every file system exchanges two names; where it does not, the
// time between the last look and the rename is as short as it can be.
func take(tmp, path string, r Replace) error {
	flags := uint(unix.RENAME_EXCHANGE)
	if r.Old == nil && r.OldLink == "" {
		flags = unix.RENAME_NOREPLACE
	}
	err := unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, path, flags)
	switch {
	case errors.Is(err, syscall.EEXIST), errors.Is(err, syscall.ENOENT): // someone made it, or took it away
		return fmt.Errorf("%s %w", path, ErrChanged)
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.EPERM):
		if _, holds, _, err := r.look(); err != nil || holds != fsys.HasOld {
			return errors.Join(err, fmt.Errorf("%s %w", path, ErrChanged))
		}
		return os.Rename(tmp, path)
	case err != nil || flags != unix.RENAME_EXCHANGE:
		return err
	}
	taken, _ := os.ReadFile(tmp)
	link, _ := os.Readlink(tmp)
	if r.OldLink == "" && same(taken, r.Old) || r.OldLink != "" && link == r.OldLink {
		return os.Remove(tmp)
	}
	return errors.Join(fmt.Errorf("%s %w", path, ErrChanged), unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, path, unix.RENAME_EXCHANGE))
}

// writeTemporary makes what is going to be renamed. A new file gets the owner of its directory.
func writeTemporary(path, tmp string, r Replace) error {
	if r.Link != "" {
		return errors.Join(os.Symlink(r.Link, tmp), setTime(tmp, r))
	}
	info, err := os.Stat(path)
	mode := fs.FileMode(0o644)
	switch {
	case err == nil:
		mode = info.Mode().Perm()
	case errors.Is(err, fs.ErrNotExist):
		if info, err = os.Stat(filepath.Dir(path)); err != nil {
			return err
		}
	default:
		return err
	}
	if r.Private {
		mode &^= fsys.Others
	}
	return writeNew(tmp, r, info, mode)
}

func writeNew(tmp string, r Replace, like fs.FileInfo, mode fs.FileMode) error {
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
	if err := f.Chmod(mode); err != nil { // after the chown, which clears setuid bits
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
	if r.Private {
		info, err := f.Stat()
		if err == nil && info.Mode().Perm()&fsys.Others != 0 {
			err = f.Chmod(info.Mode().Perm() &^ fsys.Others)
		}
		if err != nil {
			return fmt.Errorf("keep others from reading %s: %w", path, err)
		}
	}
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
	at := unix.NsecToTimespec(r.ModTime.UnixNano())
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// isMountRoot says whether a mount begins at a path, in whichever mount namespace the path is seen. A kernel before 5.8
// does not tell: there only the mounts count that the engine knows.
func isMountRoot(path string) bool {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, 0, &st)
	return err == nil && st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
}
