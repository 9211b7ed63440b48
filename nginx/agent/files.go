package agent

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"bluegate/nginx/fsys"
)

// File asks for a file, or a folder, as nginx sees it.
type File struct {
	Op   FileOp `json:"op"`
	Path string `json:"path"`
}

// FileOp is one of the methods of fsys.Source.
type FileOp string

// What can be asked of a file.
const (
	OpEntry     FileOp = "entry"
	OpRealDir   FileOp = "real_dir"
	OpLink      FileOp = "link"
	OpGlob      FileOp = "glob"
	OpChangedAt FileOp = "changed_at"
	OpTree      FileOp = "tree"
)

// FileResult answers a File.
type FileResult struct {
	Entry    fsys.Entry `json:"entry,omitzero"`
	Path     string     `json:"path,omitempty"`  // where it really is, or where a link leads
	Paths    []string   `json:"paths,omitempty"` // of a pattern
	At       time.Time  `json:"at,omitzero"`
	Tree     fsys.Tree  `json:"tree,omitempty"`
	NotExist bool       `json:"not_exist,omitempty"`
	TooMuch  bool       `json:"too_much,omitempty"`
}

func file(f File) (resp Response) {
	disk := fsys.NewDisk(nil)
	result := &FileResult{}
	var err error
	switch f.Op {
	case OpEntry:
		result.Entry, result.Path, err = disk.Entry(f.Path)
	case OpRealDir:
		result.Path, err = disk.RealDir(f.Path)
	case OpLink:
		result.Path, err = disk.LinkTarget(f.Path)
	case OpGlob:
		result.Paths, err = disk.Glob(f.Path)
	case OpChangedAt:
		result.At, err = disk.ContentChangedAt(f.Path)
	case OpTree:
		result.Tree, result.Path, err = disk.Tree(f.Path)
	default:
		err = errors.New("the agent does not know this question about a file: it is older than who asks")
	}
	if err != nil {
		resp.Error = err.Error()
		result.NotExist, result.TooMuch = errors.Is(err, fs.ErrNotExist), errors.Is(err, fsys.ErrTooMuch)
	}
	resp.File = result
	return resp
}

// Files are the files below the root of a process where an agent stands; what was read once is kept. It implements
// fsys.Source.
type Files struct {
	ctx  context.Context
	ask  func(context.Context, Request) (Response, error)
	root int
	kept map[File]kept
}

type kept struct {
	result FileResult
	err    error
}

// NewFiles are files as the process root sees them, asked with ask.
func NewFiles(ctx context.Context, ask func(context.Context, Request) (Response, error), root int) *Files {
	return &Files{ctx: ctx, ask: ask, root: root, kept: map[File]kept{}}
}

func (f *Files) do(op FileOp, path string) (FileResult, error) {
	question := File{Op: op, Path: path}
	if known, ok := f.kept[question]; ok {
		return known.result, known.err
	}
	resp, err := f.ask(f.ctx, Request{File: &question, Root: f.root})
	if err != nil {
		return FileResult{}, err
	}
	if resp.File == nil {
		return FileResult{}, errors.New(resp.Error)
	}
	switch {
	case resp.File.NotExist:
		err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	case resp.File.TooMuch:
		err = &fs.PathError{Op: "read", Path: path, Err: fsys.ErrTooMuch}
	case resp.Error != "":
		err = errors.New(resp.Error)
	}
	f.kept[question] = kept{*resp.File, err}
	return *resp.File, err
}

// Read implements conf.Source.
func (f *Files) Read(name string) ([]byte, error) {
	r, err := f.do(OpEntry, name)
	return r.Entry.Content, err
}

// Glob implements conf.Source.
func (f *Files) Glob(pattern string) ([]string, error) {
	r, err := f.do(OpGlob, pattern)
	return r.Paths, err
}

// Entry implements fsys.Source.
func (f *Files) Entry(name string) (fsys.Entry, string, error) {
	r, err := f.do(OpEntry, name)
	if r.Path == "" {
		r.Path = name
	}
	return r.Entry, r.Path, err
}

// RealDir implements fsys.Source.
func (f *Files) RealDir(dir string) (string, error) {
	r, err := f.do(OpRealDir, dir)
	return r.Path, err
}

// LinkTarget implements fsys.Source.
func (f *Files) LinkTarget(name string) (string, error) {
	r, err := f.do(OpLink, name)
	return r.Path, err
}

// ContentChangedAt implements fsys.Source.
func (f *Files) ContentChangedAt(name string) (time.Time, error) {
	r, err := f.do(OpChangedAt, name)
	return r.At, err
}

// Tree implements fsys.Source.
func (f *Files) Tree(dir string) (fsys.Tree, string, error) {
	r, err := f.do(OpTree, dir)
	return r.Tree, r.Path, err
}
