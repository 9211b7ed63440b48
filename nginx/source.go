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

// source reads files of a container through the engine's archive call: nothing is executed, and the container need not
// run. It implements conf.Source. What was read once is kept.
type source struct {
	ctx    context.Context
	engine *client.Client
	id     string
	dirs   map[string]map[string]entry // directory -> files below it
}

// entry is a file as the archive shows it.
type entry struct {
	content []byte
	link    string // target of a symbolic link
	modTime time.Time
	mode    int64
	uid     int
	gid     int
}

// Configuration is small. A tree beyond these bounds holds something else, and its large files are passed over.
const (
	largestFile = 4 << 20
	largestTree = 64 << 20
	linkDepth   = 16
)

func newSource(ctx context.Context, engine *client.Client, id string) *source {
	return &source{ctx: ctx, engine: engine, id: id, dirs: map[string]map[string]entry{}}
}

// Read implements conf.Source.
func (s *source) Read(file string) ([]byte, error) {
	e, _, err := s.entry(file)
	return e.content, err
}

// Glob implements conf.Source.
func (s *source) Glob(pattern string) ([]string, error) {
	pattern = strings.ReplaceAll(pattern, "[!", "[^") // glob(3) and path.Match negate differently
	root := path.Dir(pattern)
	for strings.ContainsAny(root, "*?[") {
		root = path.Dir(root)
	}
	files, err := s.dir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for name := range files {
		// Unlike path.Match, glob(3) passes hidden files by.
		if ok, err := path.Match(pattern, name); err != nil {
			return nil, err
		} else if ok && !strings.HasPrefix(path.Base(name), ".") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// entry follows symbolic links and says where the file really is.
func (s *source) entry(file string) (entry, string, error) {
	for range linkDepth {
		files, err := s.dir(path.Dir(file))
		if err != nil {
			return entry{}, file, err
		}
		e, ok := files[file]
		if !ok {
			return entry{}, file, &fs.PathError{Op: "open", Path: file, Err: fs.ErrNotExist}
		}
		if e.link == "" {
			return e, file, nil
		}
		if !path.IsAbs(e.link) {
			e.link = path.Join(path.Dir(file), e.link)
		}
		file = path.Clean(e.link)
	}
	return entry{}, file, fmt.Errorf("%s: too many symbolic links", file)
}

// dir reads a whole directory with all below it in one call.
func (s *source) dir(dir string) (map[string]entry, error) {
	for known, files := range s.dirs {
		if dir == known || strings.HasPrefix(dir, strings.TrimSuffix(known, "/")+"/") {
			return files, nil
		}
	}
	real, err := s.resolveDir(dir)
	if err != nil {
		return nil, err
	}
	ctx, cancel := asking(s.ctx)
	defer cancel()
	stream, _, err := s.engine.CopyFromContainer(ctx, s.id, real)
	if errdefs.IsNotFound(err) {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of container %.12s: %w", dir, s.id, err)
	}
	defer stream.Close()
	files, err := readTree(stream, dir)
	if err != nil {
		return nil, fmt.Errorf("read %s of container %.12s: %w", dir, s.id, err)
	}
	s.dirs[dir] = files
	return files, nil
}

// resolveDir follows a directory that is a symbolic link: the archive call would return the link itself.
func (s *source) resolveDir(dir string) (string, error) {
	for range linkDepth {
		ctx, cancel := asking(s.ctx)
		stat, err := s.engine.ContainerStatPath(ctx, s.id, dir)
		cancel()
		if errdefs.IsNotFound(err) {
			return "", &fs.PathError{Op: "open", Path: dir, Err: fs.ErrNotExist}
		}
		if err != nil {
			return "", fmt.Errorf("look at %s of container %.12s: %w", dir, s.id, err)
		}
		if stat.LinkTarget == "" {
			return dir, nil
		}
		dir = stat.LinkTarget
	}
	return "", fmt.Errorf("%s: too many symbolic links", dir)
}

// readTree reads an archive whose first component is the directory's own name.
func readTree(stream io.Reader, dir string) (map[string]entry, error) {
	files := map[string]entry{}
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
				return nil, fmt.Errorf("it holds more than %d MiB, which is no configuration", largestTree>>20)
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
