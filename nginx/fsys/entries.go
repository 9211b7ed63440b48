// Package fsys is files as nginx sees them, and what a change makes of one.
package fsys

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// Source are files as nginx sees them at one moment: what was read once is kept.
type Source interface {
	conf.Source

	// Entry follows symbolic links and says where the file really is.
	Entry(file string) (e Entry, real string, err error)

	// RealDir is where a directory is once every symbolic link is followed.
	RealDir(dir string) (string, error)

	// LinkTarget is the target of a symbolic link; empty for what is none.
	LinkTarget(name string) (string, error)

	// Tree reads what is below a directory, each by its real path, and says where the directory really is.
	Tree(dir string) (Tree, string, error)

	// ContentChangedAt is the moment since which a path has held what it holds, as far as that can be told from here.
	ContentChangedAt(file string) (time.Time, error)
}

// Entry is a file as it is found.
type Entry struct {
	Content []byte
	Link    string // target of a symbolic link
	ModTime time.Time
	Mode    int64
	UID     int
	GID     int
	Large   bool // it was too large to be read
}

// Others is what neither the owner of a file nor its group may do with one that has a secret in it.
const Others = 0o007

// ModeOf is the mode that a located file has after a change.
func ModeOf(e Entry, f model.FileChange) int64 {
	mode := e.Mode
	if mode == 0 {
		mode = 0o644
	}
	if f.Private {
		mode &^= Others
	}
	return mode
}

// Tree is the files and links below a directory, by their real paths.
type Tree map[string]Entry

// Locate finds the file that a change is about, as it is now: without content where there is none. A link that the
// change itself points elsewhere is not followed, and its target stands in the entry.
func Locate(in Source, f model.FileChange) (Entry, string, error) {
	e, real, err := in.Entry(f.Path)
	if err == nil && f.Link == "" && f.OldLink == "" {
		return e, real, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return e, real, err
	}
	if err != nil {
		e = Entry{Mode: 0o644}
	}
	dir, err := in.RealDir(path.Dir(f.Path))
	if err != nil {
		return e, real, err
	}
	real = path.Join(dir, path.Base(f.Path))
	target, err := in.LinkTarget(real)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	e.Link = target
	return e, real, err
}

// StateOf finds out from files that were read which content is there.
func StateOf(in Source, f model.FileChange) (State, time.Time, error) {
	e, _, err := Locate(in, f)
	switch {
	case err != nil:
		return "", time.Time{}, err
	case IsNew(e, f.Reverse()):
		return HasOld, e.ModTime, nil
	case IsNew(e, f):
		return HasNew, e.ModTime, nil
	}
	return HasOther, e.ModTime, nil
}

// IsNew says whether a located file is as a change leaves it.
func IsNew(e Entry, f model.FileChange) bool {
	return Holds(e.Content, f.New, f.Old) && e.Link == f.Link
}

// Holds says whether a file has this one of its two contents. Line ends that follow it up to the length of the other one
// do not count: a write in place that is killed before it cuts the file leaves them.
func Holds(content, one, other []byte) bool {
	if same(content, one) {
		return true
	}
	return one != nil && content != nil && len(one) < len(other) && len(content) == len(other) &&
		bytes.HasPrefix(content, one) && len(bytes.Trim(content[len(one):], "\n")) == 0
}

// same tells an absent file, which is nil, from an empty one.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// Configuration is small. A tree beyond these bounds holds something else, and its large files are passed over.
const (
	LargestFile = 4 << 20
	LargestTree = 64 << 20
	// LargestCopied is how large a file is copied at most, to test a configuration with it.
	LargestCopied = 1 << 20
	mostFiles     = 20_000
	LinkDepth     = 16
)

// ErrTooMuch says that what was read is no configuration.
var ErrTooMuch = fmt.Errorf("it holds more than %d MiB, which is no configuration", LargestTree>>20)
