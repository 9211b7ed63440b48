package incontainer

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
)

// comingFiles are the files of a change by where they really are, and those that are to be absent.
func (c *Nginx) comingFiles(ctx context.Context, change model.Change) (files map[string]fsys.Entry, gone []string, err error) {
	files = map[string]fsys.Entry{}
	src := c.Files(ctx)
	for _, f := range change.Files {
		e, real, err := fsys.Locate(src, f)
		if err != nil {
			return nil, nil, err
		}
		if f.New == nil && f.Link == "" {
			gone = append(gone, real)
			continue
		}
		e.Content, e.Link, e.Mode = f.New, f.Link, fsys.ModeOf(e, f)
		if e.Link != "" {
			e.Content = nil
		}
		files[real] = e
	}
	return files, gone, nil
}

// mounts are those of the copy, and what is to be copied into each of them, by the mount's place.
func (t *Copy) mounts(ctx context.Context) (mounts []mount.Mount, copies map[string][]packed, err error) {
	copies = map[string][]packed{}
	for _, m := range t.of.Info.Mounts {
		if m.Type == mount.TypeTmpfs {
			if _, listed := t.of.Info.HostConfig.Tmpfs[m.Destination]; !listed {
				mounts = append(mounts, mount.Mount{Type: mount.TypeTmpfs, Target: m.Destination})
			}
			continue
		}
		ask, cancel := engine.Asking(ctx)
		stat, err := t.of.Engine.ContainerStatPath(ask, t.of.ID(), m.Destination)
		cancel()
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("look at %s in %s: %w", m.Destination, t.of, err)
		case !stat.Mode.IsDir() && !stat.Mode.IsRegular():
			t.Note("it has no %s, through which it could act on what is not its own", m.Destination)
			continue
		case !m.RW || !stat.Mode.IsDir() && t.inReadOnly(m):
			mounts = append(mounts, Remount(t.of.Info, m, true))
			continue
		}
		files, err := t.pack(ctx, m.Destination)
		switch {
		case errors.Is(err, fsys.ErrTooMuch):
			mounts = append(mounts, Remount(t.of.Info, m, true))
			t.Note("it cannot write %s, which holds too much to be copied", m.Destination)
		case err != nil:
			return nil, nil, err
		default:
			copies[m.Destination] = files
			if stat.Mode.IsDir() {
				mounts = append(mounts, mount.Mount{Type: mount.TypeVolume, Target: m.Destination, VolumeOptions: &mount.VolumeOptions{NoCopy: true}})
			} else {
				t.Note("%s is no mount of its own there, so that it can be replaced", m.Destination)
			}
		}
	}
	return mounts, copies, nil
}

// inReadOnly says whether a file is mounted into a folder that the copy cannot have written.
func (t *Copy) inReadOnly(file container.MountPoint) bool {
	return slices.ContainsFunc(t.of.Info.Mounts, func(m container.MountPoint) bool {
		return m.Destination != file.Destination && fsys.Under(file.Destination, m.Destination) && !m.RW
	})
}

// packed is an entry of an archive, by its path in the container.
type packed struct {
	header  tar.Header
	content []byte
}

// pack reads what lies at a path, without what other mounts show there.
func (t *Copy) pack(ctx context.Context, name string) (files []packed, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	stream, _, err := t.of.Engine.CopyFromContainer(ctx, t.of.ID(), name)
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", name, t.of, err)
	}
	defer stream.Close()
	var total int64
	for r := tar.NewReader(stream); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", name, t.of, err)
		}
		_, below, _ := strings.Cut(strings.TrimPrefix(path.Clean(h.Name), "/"), "/")
		at := path.Join(name, below)
		if at != name && t.elsewhere(at, name) || !slices.Contains([]byte{tar.TypeReg, tar.TypeDir, tar.TypeSymlink}, h.Typeflag) {
			continue
		}
		if total += h.Size; total > largestCopy {
			return nil, fmt.Errorf("%s of %s: %w", name, t.of, fsys.ErrTooMuch)
		}
		p := packed{header: tar.Header{Name: at, Typeflag: h.Typeflag, Linkname: h.Linkname, Mode: h.Mode, Uid: h.Uid, Gid: h.Gid, ModTime: h.ModTime, Size: h.Size}}
		if h.Typeflag == tar.TypeReg {
			if p.content, err = io.ReadAll(r); err != nil {
				return nil, err
			}
		}
		files = append(files, p)
	}
}

// elsewhere says whether a path lies in another mount than that which begins at root, or in a tmpfs. The copy's mounts
// are the user's own there, and nothing is ever put into them.
func (t *Copy) elsewhere(name, root string) bool {
	if _, memory := t.of.TmpfsOf(name); memory {
		return true
	}
	m, mounted := MountOf(t.of.Info, name)
	return mounted && path.Clean(m.Destination) != root
}

// fill puts the files into the copy before it starts: those of mounts, those that were changed in the container's own
// layer, and the coming ones.
func (t *Copy) fill(ctx context.Context, copies map[string][]packed, coming map[string]fsys.Entry, gone []string) error {
	layer, err := t.layer(ctx)
	if err != nil {
		return err
	}
	copies[""] = layer
	for root, files := range copies {
		files = slices.DeleteFunc(files, func(p packed) bool {
			_, replaced := coming[p.header.Name]
			return replaced || slices.Contains(gone, p.header.Name)
		})
		for name, e := range coming {
			if m, mounted := MountOf(t.of.Info, name); mounted && m.Destination == root || !mounted && root == "" {
				p := packed{header: tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: e.Mode, Uid: e.UID, Gid: e.GID, ModTime: time.Now(), Size: int64(len(e.Content))}, content: e.Content}
				if e.Link != "" {
					p.header.Typeflag, p.header.Linkname, p.header.Size, p.content = tar.TypeSymlink, e.Link, 0, nil
				}
				files = append(files, p)
				t.Holds[name] = true
			}
		}
		for _, name := range gone {
			m, mounted := MountOf(t.of.Info, name)
			t.Holds[name] = t.Holds[name] || mounted && m.Destination == root
		}
		if err := t.put(ctx, root, files); err != nil {
			return err
		}
	}
	return nil
}

// put extracts files below a mount, or anywhere where that is empty.
func (t *Copy) put(ctx context.Context, root string, files []packed) error {
	if len(files) == 0 {
		return nil
	}
	at := "/"
	if m := slices.IndexFunc(files, func(p packed) bool { return p.header.Name == root && p.header.Typeflag == tar.TypeDir }); m >= 0 {
		at = root // a volume, which a read-only root allows to be filled
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, p := range files {
		h := p.header
		if h.Name = strings.TrimPrefix(strings.TrimPrefix(h.Name, at), "/"); h.Name == "" {
			h.Name = "." // the folder itself: its owner and its mode
		}
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
		if _, err := w.Write(p.content); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := t.Engine.CopyToContainer(ctx, t.ID(), at, &buf, container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("copy files into a copy of %s: %w", t.of, err)
	}
	return nil
}

// layer is what was changed in the container's own layer since it was made.
func (t *Copy) layer(ctx context.Context) (files []packed, err error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	changes, err := t.of.Engine.ContainerDiff(ask, t.of.ID())
	if err != nil {
		return nil, fmt.Errorf("ask what was changed in %s: %w", t.of, err)
	}
	var names []string
	for _, change := range changes {
		_, mounted := MountOf(t.of.Info, change.Path)
		_, memory := t.of.TmpfsOf(change.Path)
		holds := slices.ContainsFunc(changes, func(other container.FilesystemChange) bool { return strings.HasPrefix(other.Path, change.Path+"/") })
		above := slices.ContainsFunc(t.of.Info.Mounts, func(m container.MountPoint) bool { return fsys.Under(m.Destination, change.Path) })
		switch {
		case mounted || memory || holds || above:
		case change.Kind == container.ChangeDelete:
			t.Note("it still has %s, which was removed from the container", change.Path)
		default:
			names = append(names, change.Path)
		}
	}
	if len(names) > mostChanges {
		t.Note("it has none of the %d files that were changed in the container's own layer", len(names))
		return nil, nil
	}
	for _, name := range names {
		found, err := t.pack(ctx, name)
		if errors.Is(err, fsys.ErrTooMuch) || err != nil && ctx.Err() == nil {
			t.Note("it has no %s", name) // a socket, or what has gone since
			continue
		}
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}
