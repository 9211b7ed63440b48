package incontainer

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx/fsys"
)

// A restarted is a copy of nginx's container that was started with the container's own entrypoint, command and
// environment. Nothing leads to it: it publishes no port, has no alias, and no label except ours. It can write nothing
// of the user's: each mount that its nginx may write is a copy, and the others are read-only.
type Copy struct {
	*Nginx
	of    *Nginx
	Notes []string        // in what it differs from a restart of the container itself
	Holds map[string]bool // the coming files that it began with, by where they really are
}

const (
	restartLimit = 30 * time.Second // for nginx to run in the copy
	restartRest  = 2 * time.Second  // for what the start does in parallel to nginx
	largestCopy  = 64 << 20         // of one mount
	mostChanges  = 200              // files of the container's own layer
)

// StartCopy starts a copy whose files are the container's, with these changes in them, and waits until its nginx runs or
// it has ended. Its end removes it.
func (c *Nginx) StartCopy(ctx context.Context, change model.Change) (_ *Copy, err error) {
	t := &Copy{of: c, Holds: map[string]bool{}}
	coming, gone, err := c.comingFiles(ctx, change)
	if err != nil {
		return nil, err
	}
	mounts, copies, err := t.mounts(ctx)
	if err != nil {
		return nil, err
	}
	id, err := c.createOwn(ctx, "restart", t.config(), t.host(mounts, change))
	if err != nil {
		return nil, err
	}
	t.Nginx = &Nginx{Engine: c.Engine, Opts: c.Opts, project: c.project, Name: c.Name, command: c.command, Flags: c.Flags, main: c.main,
		Info: container.InspectResponse{ContainerJSONBase: &container.ContainerJSONBase{ID: id}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.End(ctx))
		}
	}()
	if c.Running { // createOwn has done it where nginx does not run
		for _, name := range c.networks() {
			if name != string(t.network()) && t.joins() {
				if err := c.Engine.NetworkConnect(ctx, name, id, nil); err != nil {
					return nil, fmt.Errorf("join the network %s of %s: %w", name, c, err)
				}
			}
		}
	}
	if err := t.fill(ctx, copies, coming, gone); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := c.Engine.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		return nil, fmt.Errorf("start a copy of %s: %w", c, err)
	}
	return t, t.await(ctx, began)
}

func (t *Copy) End(ctx context.Context) error {
	return t.of.removeOwn(context.WithoutCancel(ctx), t.ID())
}

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
		if e.Content, e.Link = f.New, f.Link; e.Mode == 0 {
			e.Mode = 0o644
		}
		if e.Link != "" {
			e.Content = nil
		}
		files[real] = e
	}
	return files, gone, nil
}

// network is the first of nginx's networks. Where it has none of its own, on the host's or in another container's, the
// copy has none either: it would listen there in the place of nginx.
func (t *Copy) network() container.NetworkMode {
	if all := t.of.networks(); t.joins() && len(all) > 0 {
		return container.NetworkMode(all[0])
	}
	return "none"
}

func (t *Copy) joins() bool {
	mode := t.of.Info.HostConfig.NetworkMode
	return !mode.IsHost() && !mode.IsContainer() && !mode.IsNone()
}

func (t *Copy) config() *container.Config {
	info, env := t.of.Info, []string{}
	for _, entry := range info.Config.Env {
		// By these a proxy that watches the engine would send requests to the copy.
		if !strings.HasPrefix(entry, "VIRTUAL_") && !strings.HasPrefix(entry, "LETSENCRYPT_") {
			env = append(env, entry)
		}
	}
	return &container.Config{Entrypoint: []string{info.Path}, Cmd: info.Args, Env: env, User: info.Config.User, WorkingDir: info.Config.WorkingDir, Tty: info.Config.Tty, StopSignal: "SIGKILL"}
}

func (t *Copy) host(mounts []mount.Mount, change model.Change) *container.HostConfig {
	was := t.of.Info.HostConfig
	host := &container.HostConfig{
		NetworkMode: t.network(), Mounts: mounts, Tmpfs: was.Tmpfs, ReadonlyRootfs: was.ReadonlyRootfs, CapAdd: was.CapAdd, CapDrop: was.CapDrop, SecurityOpt: was.SecurityOpt,
		GroupAdd: was.GroupAdd, ExtraHosts: slices.Clone(was.ExtraHosts), DNS: was.DNS, DNSOptions: was.DNSOptions, DNSSearch: was.DNSSearch, UsernsMode: was.UsernsMode, Init: was.Init,
		ShmSize: was.ShmSize, Sysctls: was.Sysctls, Runtime: was.Runtime, RestartPolicy: container.RestartPolicy{Name: "no"},
	}
	host.Ulimits = was.Ulimits
	if !t.joins() {
		t.Note("it has no network")
	}
	// The colour that the change names does not run: its names are given to the copy, so that its nginx starts.
	for _, e := range change.Routes {
		if e.Host != "localhost" && strings.Trim(e.Host, "0123456789.:[]") != "" {
			host.ExtraHosts = append(host.ExtraHosts, e.Host+":127.0.0.1")
		}
	}
	return host
}

func (t *Copy) Note(format string, args ...any) {
	t.Notes = append(t.Notes, fmt.Sprintf(format, args...))
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

// await waits until nginx runs in the copy, or the copy has ended, and then a moment more.
func (t *Copy) await(ctx context.Context, began time.Time) error {
	limit, cancel := context.WithTimeout(ctx, restartLimit)
	defer cancel()
	for {
		ask, stop := engine.Asking(ctx)
		info, err := t.Engine.ContainerInspect(ask, t.ID())
		stop()
		if err != nil {
			return fmt.Errorf("inspect a copy of %s: %w", t.of, err)
		}
		t.Info, t.Running = info, runsIn(info)
		if !info.State.Running {
			return nil
		}
		if s, err := t.Processes(ctx); err == nil && len(s.Workers) > 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.Done():
			return nil
		case <-time.After(100 * time.Millisecond):
		}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(restartRest):
		return nil
	}
}

// Up says whether nginx runs in the copy, and why not.
func (t *Copy) Up(ctx context.Context, began time.Time) (bool, string) {
	if t.Running {
		if s, err := t.Processes(ctx); err == nil && len(s.Workers) > 0 {
			return true, ""
		}
	}
	why := t.LastError(ctx, began)
	if why == "" {
		why = fmt.Sprintf("no worker appeared within %s", restartLimit)
		if !t.Running {
			why = fmt.Sprintf("its container ended with exit code %d", t.Info.State.ExitCode)
		}
	}
	return false, why
}

// Differs says how a file of the copy differs from what it is to be; empty where it does not.
func (t *Copy) Differs(ctx context.Context, file string, content []byte, link string) (string, error) {
	src := t.Files(ctx)
	now, err := src.LinkTarget(file)
	if err == nil && link != "" && now != link {
		return fmt.Sprintf("it is a link to %q and not to %q", now, link), nil
	}
	got, err := src.Read(file)
	switch {
	case errors.Is(err, os.ErrNotExist) && content == nil:
		return "", nil
	case errors.Is(err, os.ErrNotExist):
		return "it is not there", nil
	case err != nil:
		return "", err
	case content == nil:
		return "it is there", nil
	case !bytes.Equal(got, content):
		return firstDifference(content, got), nil
	}
	return "", nil
}

// firstDifference is the first line that two texts do not share.
func firstDifference(was, is []byte) string {
	old, now := strings.Split(string(was), "\n"), strings.Split(string(is), "\n")
	for i := range max(len(old), len(now)) {
		var a, b string
		if i < len(old) {
			a = old[i]
		}
		if i < len(now) {
			b = now[i]
		}
		if a != b {
			return fmt.Sprintf("line %d is %q and not %q", i+1, redact.Sanitize(strings.TrimSpace(b)), redact.Sanitize(strings.TrimSpace(a)))
		}
	}
	return "its bytes differ"
}
