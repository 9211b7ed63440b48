package nginx

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
)

// archive reads files of a container through the engine's archive call: nothing is executed, and the container need not
// run. It implements files. What was read once is kept.
type archive struct {
	ctx    context.Context
	engine *client.Client
	id     string
	trees  map[string]tree   // by the directory's real path
	links  map[string]string // what lies in no tree: path -> target, empty for what is no link

	// memories are where the container has a tmpfs, which the archive call does not show; inside reads there.
	memories []string
	inside   func(ctx context.Context, name string) (tree, error)
}

// tree is the files below a directory, by their real paths; nil when there is too much below it.
type tree map[string]entry

// Configuration is small. A tree beyond these bounds holds something else, and its large files are passed over.
const (
	largestFile = 4 << 20
	largestTree = 64 << 20
	linkDepth   = 16
)

func newArchive(ctx context.Context, engine *client.Client, id string) *archive {
	return &archive{ctx: ctx, engine: engine, id: id, trees: map[string]tree{}, links: map[string]string{}}
}

// Read implements conf.Source.
func (s *archive) Read(file string) ([]byte, error) {
	e, _, err := s.entry(file)
	return e.content, err
}

// Glob implements conf.Source. The paths are spelled as the pattern spells its directory.
func (s *archive) Glob(pattern string) ([]string, error) {
	root := path.Dir(pattern)
	for strings.ContainsAny(root, "*?[") {
		root = path.Dir(root)
	}
	pattern = strings.ReplaceAll(strings.TrimPrefix(pattern[len(root):], "/"), "[!", "[^") // glob(3) negates with "!"
	files, real, err := s.dir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for name := range files {
		if !under(name, real) {
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

// entry follows symbolic links and says where the file really is.
func (s *archive) entry(file string) (entry, string, error) {
	for range linkDepth {
		dir, err := s.realDir(path.Dir(file))
		if err != nil {
			return entry{}, file, err
		}
		real := path.Join(dir, path.Base(file))
		e, err := s.at(real)
		if err != nil || e.link == "" {
			return e, real, err
		}
		if file = e.link; !path.IsAbs(file) {
			file = dir + "/" + e.link
		}
	}
	return entry{}, file, fmt.Errorf("%s: too many symbolic links", file)
}

// putAt is the time of the file, or of the last one of the links that lead to it: an archive holds no other times.
func (s *archive) putAt(file string) (last time.Time, err error) {
	for range linkDepth {
		dir, err := s.realDir(path.Dir(file))
		if err != nil {
			return last, err
		}
		e, err := s.at(path.Join(dir, path.Base(file)))
		if err != nil {
			return last, err
		}
		if e.modTime.After(last) {
			last = e.modTime
		}
		if e.link == "" {
			return last, nil
		}
		if file = e.link; !path.IsAbs(file) {
			file = dir + "/" + e.link
		}
	}
	return last, fmt.Errorf("%s: too many symbolic links", file)
}

// at is the file, or the link, at a path without links on its way. Where its directory holds more than a configuration
// does, it is read by itself.
func (s *archive) at(real string) (entry, error) {
	files, err := s.tree(path.Dir(real))
	if err != nil {
		return entry{}, err
	}
	if files == nil {
		if files, err = s.fetch(real); err != nil {
			return entry{}, err
		}
	}
	e, ok := files[real]
	if !ok {
		return e, &fs.PathError{Op: "open", Path: real, Err: fs.ErrNotExist}
	}
	return e, nil
}

// dir reads a whole directory with all below it in one call, and says where it really is.
func (s *archive) dir(dir string) (tree, string, error) {
	real, err := s.realDir(dir)
	if err != nil {
		return nil, dir, err
	}
	files, err := s.tree(real)
	if err == nil && files == nil {
		err = fmt.Errorf("%s of container %.12s: %w", dir, s.id, errTooMuch)
	}
	return files, real, err
}

func (s *archive) tree(real string) (tree, error) {
	for known, files := range s.trees {
		if real == known || files != nil && under(real, known) {
			return files, nil
		}
	}
	files, err := s.fetch(real)
	if err != nil && !errors.Is(err, errTooMuch) {
		return nil, err
	}
	s.trees[real] = files
	return files, nil
}

// fetch reads a file, or a directory with all below it, as nginx sees them.
func (s *archive) fetch(real string) (tree, error) {
	if _, ok := s.memory(real); ok {
		return s.inside(s.ctx, real)
	}
	files, err := s.archived(real)
	if err != nil {
		return nil, err
	}
	for _, target := range s.memories {
		if !under(target, real) {
			continue
		}
		maps.DeleteFunc(files, func(name string, _ entry) bool { return under(name, target) })
		inside, err := s.inside(s.ctx, target)
		if err != nil {
			return nil, err
		}
		maps.Copy(files, inside)
	}
	return files, nil
}

// memory is the tmpfs in which a path lies, if it lies in one.
func (s *archive) memory(name string) (target string, ok bool) {
	for _, m := range s.memories {
		if under(name, m) && len(m) > len(target) {
			target, ok = m, true
		}
	}
	return target, ok
}

func (s *archive) archived(real string) (tree, error) {
	ctx, cancel := asking(s.ctx)
	defer cancel()
	stream, _, err := s.engine.CopyFromContainer(ctx, s.id, real)
	if errdefs.IsNotFound(err) {
		return nil, &fs.PathError{Op: "open", Path: real, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of container %.12s: %w", real, s.id, err)
	}
	defer stream.Close()
	files, err := readTree(stream, real)
	if err != nil {
		return nil, fmt.Errorf("read %s of container %.12s: %w", real, s.id, err)
	}
	return files, nil
}

// realDir is where a directory is once every symbolic link on the way to it is followed, and every "..".
func (s *archive) realDir(dir string) (string, error) {
	real, links := "/", 0
	for rest := strings.Split(dir, "/"); len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == "" || name == "." {
			continue
		}
		next := path.Join(real, name) // of "..", the parent
		target, err := s.link(next)
		if err != nil {
			return "", err
		}
		if target == "" {
			real = next
			continue
		}
		if links++; links > linkDepth {
			return "", fmt.Errorf("%s: too many symbolic links", dir)
		}
		if path.IsAbs(target) {
			real = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return real, nil
}

// link is the target of a symbolic link; empty for what is none.
func (s *archive) link(name string) (string, error) {
	if memory, ok := s.memory(name); ok {
		if _, err := s.tree(memory); err != nil {
			return "", err
		}
	}
	for known, files := range s.trees {
		if files != nil && under(name, known) {
			return files[name].link, nil
		}
	}
	if target, known := s.links[name]; known {
		return target, nil
	}
	ctx, cancel := asking(s.ctx)
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

// errTooMuch says that what was read is no configuration.
var errTooMuch = fmt.Errorf("it holds more than %d MiB, which is no configuration", largestTree>>20)

// readTree reads an archive whose first component is the directory's, or the file's, own name.
func readTree(stream io.Reader, dir string) (tree, error) {
	files := tree{}
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
		e := entry{modTime: h.ModTime, mode: h.Mode, uid: h.Uid, gid: h.Gid}
		switch h.Typeflag {
		case tar.TypeSymlink:
			e.link = h.Linkname
		case tar.TypeReg:
			if total += h.Size; h.Size > largestFile {
				continue
			}
			if total > largestTree {
				return nil, errTooMuch
			}
			if e.content, err = io.ReadAll(r); err != nil {
				return nil, err
			}
		default:
			continue
		}
		files[name] = e
	}
}

// tarOf packs files by their paths for the archive call at the root.
func tarOf(files map[string]entry) (*bytes.Buffer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		e := files[name]
		h := &tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: e.mode, Uid: e.uid, Gid: e.gid, ModTime: e.modTime, Size: int64(len(e.content)), Typeflag: tar.TypeReg}
		if e.link != "" {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, e.link, 0
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if e.link == "" {
			if _, err := w.Write(e.content); err != nil {
				return nil, err
			}
		}
	}
	return &buf, w.Close()
}
