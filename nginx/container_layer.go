package nginx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx/agent"
	"bluegate/nginx/fsys"
)

// replace implements place.
func (c *contained) replace(ctx context.Context, f model.FileChange, stamp time.Time) error {
	real, mounted := c.help.seat(f)
	if !mounted {
		e, at, err := fsys.Locate(c.files(ctx), f)
		if err != nil {
			return err
		}
		real = at
		if !c.shows(real) {
			return c.replaceInside(ctx, e, real, f, stamp)
		}
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	resp, err := c.ask(ctx, agent.Request{Replace: replacement(f, real, stamp)})
	switch {
	case err != nil:
		return err
	case resp.Changed:
		return errForeign
	case resp.Error != "":
		return errors.New(resp.Error)
	}
	return nil
}

// look implements place. The helper has the file before it; to read it through the engine takes a hundred times as long.
func (c *contained) look(ctx context.Context, src fsys.Source, f model.FileChange) (fsys.State, time.Time, error) {
	real, mounted := c.help.seat(f)
	if !mounted {
		return fsys.StateOf(src, f)
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	resp, err := c.ask(ctx, agent.Request{Look: replacement(f, real, time.Time{})})
	if err == nil && resp.Error != "" {
		err = fmt.Errorf("look at %s of %s: %s", f.Path, c, resp.Error)
	}
	return resp.Holds, resp.ModTime, err
}

func replacement(f model.FileChange, real string, stamp time.Time) *agent.Replace {
	return &agent.Replace{Path: real, Old: f.Old, New: f.New, Link: f.Link, OldLink: f.OldLink, ModTime: stamp}
}

// shows says whether a mount, which the helper has too, holds the file.
func (c *contained) shows(real string) bool {
	_, memory := c.memoryOf(real)
	_, mounted := mountOf(c.info, real)
	return mounted && !memory
}

// replaceInside writes a file of the container's own layer, or of a tmpfs, which no other container can mount: a new
// file beside it, then a rename.
func (c *contained) replaceInside(ctx context.Context, now fsys.Entry, file string, f model.FileChange, stamp time.Time) error {
	switch {
	case fsys.IsNew(now, f):
		return nil
	case !fsys.IsNew(now, f.Reverse()):
		return errForeign
	case f.New == nil && f.Link == "":
		return c.tool(ctx, "remove it", "rm", "-f", file)
	}
	e := now
	e.Content, e.Link, e.ModTime = f.New, f.Link, time.Now().Add(-c.opts.Skew)
	if !stamp.IsZero() {
		e.ModTime = stamp
	}
	name := file
	if c.running {
		name = path.Join(path.Dir(file), "."+path.Base(file)+".bluegate-tmp")
	}
	content, err := tarOf(map[string]fsys.Entry{name: e})
	if err != nil {
		return err
	}
	if err := c.putBeside(ctx, name, content); err != nil {
		return fmt.Errorf("put the new file beside it: %w", err)
	}
	if name == file { // nothing reads it before nginx starts
		return nil
	}
	return c.tool(ctx, "rename the new file over it", "mv", "-f", name, file)
}

func (c *contained) putBeside(ctx context.Context, name string, content io.Reader) error {
	if _, memory := c.memoryOf(name); memory {
		return c.putInside(ctx, content)
	}
	ctx, cancel := asking(ctx)
	defer cancel()
	return c.engine.CopyToContainer(ctx, c.id(), "/", content, container.CopyToContainerOptions{})
}

// unwritable implements place. What is mounted is written by the helper, and through a read-only mount too.
func (c *contained) unwritable(ctx context.Context, real string, _ fsys.Entry) (string, error) {
	_, memory := c.memoryOf(real)
	_, mounted := mountOf(c.info, real)
	switch {
	case mounted && !memory:
		return "", nil
	case memory && !c.running:
		return "it lies in a tmpfs, and the container does not run", nil
	case !memory && c.info.HostConfig.ReadonlyRootfs:
		return "it lies in no mount, and the container's root is read-only; mount its directory", nil
	case !c.running:
		return "", nil
	}
	done, err := c.exec(ctx, "mv", "--help")
	if err == nil && (done.code == noTool || done.code == noSuchTool) {
		return "it lies in no mount, and the image has no mv, by which alone the file could be replaced; mount its directory", nil
	}
	return "", err
}

// unheard implements place: who may ask the engine may have it send a signal.
func (c *contained) unheard() string { return "" }

// tool runs one of the image's own tools.
func (c *contained) tool(ctx context.Context, what string, argv ...string) error {
	done, err := c.exec(ctx, argv...)
	if err == nil && done.code != 0 {
		err = errors.New(strings.TrimSpace(redact.Sanitize(done.stderr)))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
