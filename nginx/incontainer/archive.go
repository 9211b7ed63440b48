package incontainer

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"bluegate/compose/engine"
	"bluegate/nginx/fsys"
)

// Archive reads files of a container through the engine's archive call: nothing is executed, and the container need not
// run. It implements files. What was read once is kept.
type Archive struct {
	ctx    context.Context
	engine *client.Client
	id     string
	trees  map[string]fsys.Tree // by the directory's real path; nil when there is too much below it
	links  map[string]string    // what lies in no tree: path -> target, empty for what is no link
}

// NewArchive reads nothing yet. ctx bounds every read: the interface that it implements has none.
func NewArchive(ctx context.Context, docker *client.Client, id string) *Archive {
	return &Archive{ctx: ctx, engine: docker, id: id, trees: map[string]fsys.Tree{}, links: map[string]string{}}
}

// Read implements conf.Source.
func (s *Archive) Read(file string) ([]byte, error) {
	e, _, err := s.Entry(file)
	return e.Content, err
}

// Glob implements conf.Source. The paths are spelled as the pattern spells its directory.
func (s *Archive) Glob(pattern string) ([]string, error) {
	root := path.Dir(pattern)
	for strings.ContainsAny(root, "*?[") {
		root = path.Dir(root)
	}
	pattern = strings.ReplaceAll(strings.TrimPrefix(pattern[len(root):], "/"), "[!", "[^") // glob(3) negates with "!"
	files, real, err := s.Tree(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for name := range files {
		if !fsys.Under(name, real) {
			continue
		}
		below := strings.TrimPrefix(name[len(real):], "/")
		if ok, err := path.Match(pattern, below); err != nil {
			return nil, err
		} else if ok {
			out = append(out, strings.TrimSuffix(root, "/")+"/"+below)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Entry follows symbolic links and says where the file really is.
func (s *Archive) Entry(file string) (fsys.Entry, string, error) {
	for range fsys.LinkDepth {
		dir, err := s.RealDir(path.Dir(file))
		if err != nil {
			return fsys.Entry{}, file, err
		}
		real := path.Join(dir, path.Base(file))
		e, err := s.at(real)
		if err != nil || e.Link == "" {
			return e, real, err
		}
		if file = e.Link; !path.IsAbs(file) {
			file = dir + "/" + e.Link
		}
	}
	return fsys.Entry{}, file, fmt.Errorf("%s: too many symbolic links", file)
}

// ContentChangedAt is the time of the file, or of the last one of the links that lead to it: an archive holds no other times.
func (s *Archive) ContentChangedAt(file string) (last time.Time, err error) {
	for range fsys.LinkDepth {
		dir, err := s.RealDir(path.Dir(file))
		if err != nil {
			return last, err
		}
		e, err := s.at(path.Join(dir, path.Base(file)))
		if err != nil {
			return last, err
		}
		if e.ModTime.After(last) {
			last = e.ModTime
		}
		if e.Link == "" {
			return last, nil
		}
		if file = e.Link; !path.IsAbs(file) {
			file = dir + "/" + e.Link
		}
	}
	return last, fmt.Errorf("%s: too many symbolic links", file)
}

// at is the file, or the link, at a path without links on its way. Where its directory holds more than a configuration
// does, it is read by itself.
func (s *Archive) at(real string) (fsys.Entry, error) {
	files, err := s.tree(path.Dir(real))
	if err != nil {
		return fsys.Entry{}, err
	}
	if files == nil {
		if files, err = s.archived(real); err != nil {
			return fsys.Entry{}, err
		}
	}
	e, ok := files[real]
	if !ok {
		return e, &fs.PathError{Op: "open", Path: real, Err: fs.ErrNotExist}
	}
	return e, nil
}

// Tree implements fsys.Source, with one call.
func (s *Archive) Tree(dir string) (fsys.Tree, string, error) {
	real, err := s.RealDir(dir)
	if err != nil {
		return nil, dir, err
	}
	files, err := s.tree(real)
	if err == nil && files == nil {
		err = fmt.Errorf("%s of container %.12s: %w", dir, s.id, fsys.ErrTooMuch)
	}
	return files, real, err
}

func (s *Archive) tree(real string) (fsys.Tree, error) {
	for known, files := range s.trees {
		if real == known || files != nil && fsys.Under(real, known) {
			return files, nil
		}
	}
	files, err := s.archived(real)
	if err != nil && !errors.Is(err, fsys.ErrTooMuch) {
		return nil, err
	}
	s.trees[real] = files
	return files, nil
}

func (s *Archive) archived(real string) (fsys.Tree, error) {
	ctx, cancel := engine.Asking(s.ctx)
	defer cancel()
	stream, _, err := s.engine.CopyFromContainer(ctx, s.id, real)
	if errdefs.IsNotFound(err) {
		return nil, &fs.PathError{Op: "open", Path: real, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of container %.12s: %w", real, s.id, err)
	}
	defer stream.Close()
	files, err := ReadTree(stream, real)
	if err != nil {
		return nil, fmt.Errorf("read %s of container %.12s: %w", real, s.id, err)
	}
	return files, nil
}

// RealDir is where a directory is once every symbolic link on the way to it is followed, and every "..".
func (s *Archive) RealDir(dir string) (string, error) {
	real, links := "/", 0
	for rest := strings.Split(dir, "/"); len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == "" || name == "." {
			continue
		}
		next := path.Join(real, name) // of "..", the parent
		target, err := s.LinkTarget(next)
		if err != nil {
			return "", err
		}
		if target == "" {
			real = next
			continue
		}
		if links++; links > fsys.LinkDepth {
			return "", fmt.Errorf("%s: too many symbolic links", dir)
		}
		if path.IsAbs(target) {
			real = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return real, nil
}

// LinkTarget is the target of a symbolic link; empty for what is none.
func (s *Archive) LinkTarget(name string) (string, error) {
	for known, files := range s.trees {
		if files != nil && fsys.Under(name, known) {
			return files[name].Link, nil
		}
	}
	if target, known := s.links[name]; known {
		return target, nil
	}
	ctx, cancel := engine.Asking(s.ctx)
	defer cancel()
	stat, err := s.engine.ContainerStatPath(ctx, s.id, name)
	if errdefs.IsNotFound(err) {
		return "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return "", fmt.Errorf("look at %s of container %.12s: %w", name, s.id, err)
	}
	s.links[name] = stat.LinkTarget
	return stat.LinkTarget, nil
}

// ReadTree reads an archive whose first component is the directory's, or the file's, own name.
func ReadTree(stream io.Reader, dir string) (fsys.Tree, error) {
	files := fsys.Tree{}
	var total int64
	for r := tar.NewReader(stream); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		_, below, _ := strings.Cut(strings.TrimPrefix(path.Clean(h.Name), "/"), "/")
		name := path.Join(dir, below)
		e := fsys.Entry{ModTime: h.ModTime, Mode: h.Mode, UID: h.Uid, GID: h.Gid}
		switch h.Typeflag {
		case tar.TypeSymlink:
			e.Link = h.Linkname
		case tar.TypeReg:
			if total += h.Size; h.Size > fsys.LargestFile {
				continue
			}
			if total > fsys.LargestTree {
				return nil, fsys.ErrTooMuch
			}
			if e.Content, err = io.ReadAll(r); err != nil {
				return nil, err
			}
		default:
			continue
		}
		files[name] = e
	}
}

// TarOf packs files by their paths for the archive call at the root.
func TarOf(files map[string]fsys.Entry) (*bytes.Buffer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		e := files[name]
		h := &tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: e.Mode, Uid: e.UID, Gid: e.GID, ModTime: e.ModTime, Size: int64(len(e.Content)), Typeflag: tar.TypeReg}
		if e.Link != "" {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, e.Link, 0
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if e.Link == "" {
			if _, err := w.Write(e.Content); err != nil {
				return nil, err
			}
		}
	}
	return &buf, w.Close()
}
