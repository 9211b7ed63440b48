package fsys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Together is how far apart the two times may be that one operation sets.
const Together = 100 * time.Millisecond

// ContentChangedAt is the moment since which a path has held what it holds. It is the time of modification of the file, or of a
// link on the way to it; or, where that is older, the moment at which the file was put there with its old time, as mv,
// cp -p, rsync and tar do.
//
// The kernel keeps that moment as the time of the file's status. chmod, chown and a second name set it too and change no
// byte: so it counts only for a file with one name whose folder changed in the same moment. Old bytes that were copied
// over the file where it lay are not told from a chmod, and not seen.
func ContentChangedAt(path string) (last time.Time, err error) {
	for range 16 {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return last, err
		}
		path = filepath.Join(dir, filepath.Base(path))
		info, err := os.Lstat(path)
		if err != nil {
			return last, err
		}
		folder, err := os.Stat(dir)
		if err != nil {
			return last, err
		}
		if at := putAt(info, folder); at.After(last) {
			last = at
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return last, nil
		}
		target, err := os.Readlink(path)
		if err != nil {
			return last, err
		}
		if path = target; !filepath.IsAbs(target) {
			path = filepath.Join(dir, target)
		}
	}
	return last, &fs.PathError{Op: "follow", Path: path, Err: errors.New("too many symbolic links")}
}

func putAt(file, folder fs.FileInfo) time.Time {
	status, names := statusOf(file)
	if names != 1 || status.Before(file.ModTime()) || folder.ModTime().Sub(status).Abs() > Together {
		return file.ModTime()
	}
	return status
}

// LeaveNoTrace sets the time of a folder in which an old file was put back apart from that moment: what is put back is
// what nginx has loaded, and must not look as if someone had moved it there.
func LeaveNoTrace(dir string) error {
	return os.Chtimes(dir, time.Time{}, time.Now().Add(-time.Second))
}
