package fsys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// NewDisk is the files of this machine. check may be nil.
func NewDisk(check func(real string) error) *Disk {
	return &Disk{read: map[string]Entry{}, check: check}
}

// Disk is the files of this machine. It implements files.
type Disk struct {
	read map[string]Entry
	// check may refuse a file that was read, by its real path.
	check func(real string) error
}

// Read implements conf.Source.
func (d *Disk) Read(file string) ([]byte, error) {
	e, _, err := d.Entry(file)
	return e.Content, err
}

// Glob implements conf.Source.
func (d *Disk) Glob(pattern string) ([]string, error) {
	return filepath.Glob(strings.ReplaceAll(pattern, "[!", "[^")) // glob(3) negates with "!"
}

func (d *Disk) RealDir(dir string) (string, error) { return filepath.EvalSymlinks(dir) }

func (d *Disk) LinkTarget(name string) (string, error) {
	target, err := os.Readlink(name)
	if errors.Is(err, syscall.EINVAL) {
		return "", nil
	}
	return target, err
}

func (d *Disk) ContentChangedAt(file string) (time.Time, error) { return ContentChangedAt(file) }

func (d *Disk) Entry(file string) (Entry, string, error) {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return Entry{}, file, err
	}
	if e, known := d.read[real]; known {
		return e, real, nil
	}
	e, err := readEntry(real)
	if err == nil && d.check != nil {
		err = d.check(real)
	}
	if err == nil {
		d.read[real] = e
	}
	return e, real, err
}

func readEntry(real string) (Entry, error) {
	info, err := os.Stat(real)
	if err != nil {
		return Entry{}, err
	}
	if !info.Mode().IsRegular() { // a pipe would hold the reader for ever
		return Entry{}, &fs.PathError{Op: "read", Path: real, Err: errors.New("it is no regular file")}
	}
	if info.Size() > LargestFile {
		return Entry{}, &fs.PathError{Op: "read", Path: real, Err: ErrTooMuch}
	}
	e := Entry{ModTime: info.ModTime(), Mode: int64(info.Mode().Perm())}
	e.UID, e.GID = ownerOf(info)
	e.Content, err = os.ReadFile(real)
	return e, err
}

// Tree implements Source. What is neither a file nor a link, such as a socket, is passed by, and so is what ends while it
// is read.
func (d *Disk) Tree(dir string) (Tree, string, error) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, dir, err
	}
	tree, size := Tree{}, int64(0)
	err = filepath.WalkDir(root, func(name string, at fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || at.IsDir() {
			return err
		}
		info, err := at.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case at.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(name)
			tree[name] = Entry{Link: target, ModTime: info.ModTime()}
			return err
		case !info.Mode().IsRegular():
			return nil
		case info.Size() > LargestCopied:
			tree[name] = Entry{Large: true}
			return nil
		}
		e, err := readEntry(name)
		if err == nil {
			tree[name], size = e, size+info.Size()
		}
		if size > LargestTree || len(tree) > mostFiles {
			return fmt.Errorf("%s: %w", dir, ErrTooMuch)
		}
		return err
	})
	return tree, root, err
}
