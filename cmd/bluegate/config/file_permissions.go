package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"bluegate/deploy/model"
)

// Source is bluegate.yml as it was found.
type Source struct {
	Path string
	Text []byte // nil if the file does not exist
	Mode fs.FileMode
}

// Find finds bluegate.yml. A missing file is an error only if path names it.
func Find(path, dir string) (Source, error) {
	asked := path != ""
	if !asked {
		path = filepath.Join(dir, "bluegate.yml")
	}
	text, mode, err := readChecked(path, dir, asked)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		if _, there := os.Lstat(path); there != nil {
			return Source{Path: path}, nil
		}
	}
	if err != nil {
		return Source{Path: path}, &model.InvalidError{Err: fmt.Errorf("read the configuration: %w", err)}
	}
	return Source{path, text, mode}, nil
}

// maxSize is more than a configuration needs; a larger file is something else.
const maxSize = 1 << 20

// readChecked reads a file, and refuses it if another user may have written to it: it decides what is run and removed.
// A file that was found in the project directory must really be there. All checks use the opened file, so that nobody
// can replace it after the checks, and none of them blocks: a pipe without a writer is opened and refused.
func readChecked(path, dir string, asked bool) ([]byte, fs.FileMode, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, 0, err
	}
	f, err := os.OpenFile(real, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return nil, 0, fmt.Errorf("%s is %s, not a regular file", path, kindOf(mode))
	case HasPermissions && mode.Perm()&0o002 != 0:
		return nil, 0, fmt.Errorf("%s is writable by all users (mode %#o); run: chmod o-w %s", path, mode.Perm(), path)
	case info.Size() > maxSize:
		return nil, 0, fmt.Errorf("%s has %d bytes, the limit is %d", path, info.Size(), maxSize)
	}
	if group, ok := sharedGroup(info); ok {
		return nil, 0, fmt.Errorf("%s is writable by the members of group %d (mode %#o); run: chmod g-w %s", path, group, info.Mode().Perm(), path)
	}
	if err := checkFolder(info, path, real, dir, asked); err != nil {
		return nil, 0, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSize))
	if text == nil {
		text = []byte{}
	}
	return text, info.Mode(), err
}

// checkFolder refuses a folder in which other users can replace the file, unless the sticky bit forbids that, and a file
// whose owner has nothing else to do with the folder.
func checkFolder(file fs.FileInfo, path, real, dir string, asked bool) error {
	folder := filepath.Dir(real)
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	if owner, ok := foreignOwner(file, info); ok {
		return fmt.Errorf("%s is owned by user %d, who owns neither the folder nor this process; run: chown %d %s", path, owner, os.Geteuid(), path)
	}
	if HasPermissions && info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("%s is in %s, which is writable by all users (mode %#o); run: chmod o-w %s", path, folder, info.Mode().Perm(), folder)
	}
	if group, ok := sharedGroup(info); ok && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("%s is in %s, which is writable by the members of group %d (mode %#o); run: chmod g-w %s", path, folder, group, info.Mode().Perm(), folder)
	}
	if asked {
		return nil
	}
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	if below, err := filepath.Rel(root, real); err != nil || !filepath.IsLocal(below) {
		return fmt.Errorf("%s is a link to %s, outside the project directory; to use that file, pass it with --config", path, real)
	}
	return nil
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}
