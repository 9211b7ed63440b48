package fsys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Together is how far apart the two times may be that one operation sets.
const Together = 100 * time.Millisecond

// ContentChangedAt is the moment since which a path has held what it holds. It is the time of modification of the file, or of a
// link on the way to it, those to folders included; or, where that is older, the moment at which the file was put there with its old time, as mv,
// cp -p, rsync and tar do.
//
// The kernel keeps that moment as the time of the file's status. chmod, chown and a second name set it too and change no
// byte: so it counts only for a file with one name whose folder changed in the same moment. Old bytes that were copied
// over the file where it lay are not told from a chmod, and not seen.
func ContentChangedAt(path string) (last time.Time, err error) {
	for range LinkDepth {
		folder, name := filepath.Split(path) // which does not take ".." away: it counts after the links before it
		dir, linked, err := realDir(folder)
		if err != nil {
			return last, err
		}
		if linked.After(last) {
			last = linked
		}
		path = filepath.Join(dir, name)
		info, err := os.Lstat(path)
		if err != nil {
			return last, err
		}
		within, err := os.Stat(dir)
		if err != nil {
			return last, err
		}
		if at := putAt(info, within); at.After(last) {
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
			path = dir + "/" + target
		}
	}
	return last, tooManyLinks(path)
}

// realDir is where a folder is once every symbolic link is followed, and the latest time of one of these links.
func realDir(dir string) (real string, last time.Time, err error) {
	real, links := "/", 0
	for rest := strings.Split(dir, "/"); len(rest) > 0; {
		next := filepath.Join(real, rest[0])
		rest = rest[1:]
		info, err := os.Lstat(next)
		if err != nil {
			return "", last, err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			real = next
			continue
		}
		if links++; links > LinkDepth {
			return "", last, tooManyLinks(dir)
		}
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
		target, err := os.Readlink(next)
		if err != nil {
			return "", last, err
		}
		if filepath.IsAbs(target) {
			real = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return real, last, nil
}

func tooManyLinks(path string) error {
	return &fs.PathError{Op: "follow", Path: path, Err: errors.New("too many symbolic links")}
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
