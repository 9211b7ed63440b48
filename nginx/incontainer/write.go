package incontainer

import (
	"bytes"
	"context"
	"errors"
	"path"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/fsys"
	"bluegate/nginx/instance"
)

// Replace implements instance.Instance.
func (c *Nginx) Replace(ctx context.Context, f model.FileChange, stamp time.Time) error {
	if help := c.agent.now(); help == nil || help.Ended() { // with nginx
		if err := c.refresh(ctx, []model.FileChange{f}); err != nil {
			return err
		}
	}
	e, real, err := fsys.Locate(c.Files(ctx), f)
	if err != nil {
		return err
	}
	if c.Running || c.agent.now().ownMount(real) {
		return c.replaceThere(ctx, real, f, stamp)
	}
	return c.replaceStopped(ctx, e, real, f, stamp)
}

// replaceThere has the agent write a file: below nginx's root, or through a mount of its own where nginx may only read.
func (c *Nginx) replaceThere(ctx context.Context, real string, f model.FileChange, stamp time.Time) error {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	help := c.agent.now()
	req := agent.Request{Replace: &agent.Replace{Path: real, Old: f.Old, New: f.New, Link: f.Link, OldLink: f.OldLink, Private: f.Private, ModTime: stamp, InPlace: c.mountedAlone(real)}, Root: int(help.root.Load())}
	if help.ownMount(real) {
		req.Root = 0
	}
	resp, err := c.act(ctx, help.Ask, req)
	switch {
	case err != nil:
		return err
	case resp.Changed:
		return instance.ErrForeign
	case resp.Error != "":
		return errors.New(resp.Error)
	}
	return nil
}

// Apply implements instance.Processes.
func (c *Nginx) Apply(ctx context.Context, files []model.FileChange, how agent.Apply) (agent.Applied, error) {
	if help := c.agent.now(); help == nil || help.Ended() { // with nginx
		if err := c.Follow(ctx, files); err != nil {
			return agent.Applied{}, err
		}
	}
	help := c.agent.now()
	if help == nil {
		return agent.Applied{}, agent.ErrEnded
	}
	how.Scope = c.scope()
	for _, f := range files {
		_, real, err := fsys.Locate(c.Files(ctx), f)
		if err != nil {
			return agent.Applied{}, err
		}
		one := agent.ApplyFile{Own: help.ownMount(real), OldTime: f.OldTime}
		one.Replace = agent.Replace{Path: real, Old: f.Old, New: f.New, Link: f.Link, OldLink: f.OldLink, Private: f.Private, InPlace: c.mountedAlone(real)}
		how.Files = append(how.Files, one)
	}
	until, err := c.Opts.LeaseEnd()
	if err != nil {
		return agent.Applied{}, err
	}
	if !until.IsZero() {
		until = until.Add(-c.Opts.Skew)
	}
	return agent.Send(ctx, help.Ask, agent.Request{Apply: &how, Root: int(help.root.Load()), Until: until})
}

// OtherAtStart implements instance.Files: a mount of one file holds the file that was there when nginx started.
func (c *Nginx) OtherAtStart(ctx context.Context, files []model.FileChange) bool {
	return slices.ContainsFunc(files, func(f model.FileChange) bool {
		_, real, err := fsys.Locate(c.Files(ctx), f)
		return err != nil || c.mountedAlone(real)
	})
}

// AtStart implements instance.Instance. A mount of one file holds the file that was there when nginx started.
func (c *Nginx) AtStart(ctx context.Context, f model.FileChange) (fsys.State, error) {
	in := c.Files(ctx)
	if _, real, err := in.Entry(f.Path); err == nil && c.mountedAlone(real) {
		in = NewArchive(ctx, c.Engine, c.ID())
	}
	state, _, err := fsys.StateOf(in, f)
	return state, err
}

// ReplacedOutside implements instance.Instance.
func (c *Nginx) ReplacedOutside(ctx context.Context, name string, content []byte) (bool, error) {
	_, real, err := c.Files(ctx).Entry(name)
	if err != nil || !c.mountedAlone(real) {
		return false, err
	}
	there, err := NewArchive(ctx, c.Engine, c.ID()).Read(name)
	return err == nil && !bytes.Equal(there, content), err
}

func (c *Nginx) mountedAlone(real string) bool {
	m, ok := MountOf(c.Info, real)
	return ok && path.Clean(m.Destination) == real
}

// replaceStopped writes a file of the layer of a container that does not run. Nothing reads it before nginx starts.
func (c *Nginx) replaceStopped(ctx context.Context, now fsys.Entry, real string, f model.FileChange, stamp time.Time) error {
	switch {
	case fsys.IsNew(now, f):
		return nil
	case !fsys.IsNew(now, f.Reverse()):
		return instance.ErrForeign
	case f.New == nil && f.Link == "":
		return errors.New("the engine removes no file of a container that does not run: start it")
	}
	e := now
	e.Content, e.Link, e.Mode, e.ModTime = f.New, f.Link, fsys.ModeOf(now, f), time.Now().Add(-c.Opts.Skew)
	if !stamp.IsZero() {
		e.ModTime = stamp
	}
	content, err := TarOf(map[string]fsys.Entry{real: e})
	if err != nil {
		return err
	}
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	return c.Engine.CopyToContainer(ctx, c.ID(), "/", content, container.CopyToContainerOptions{})
}

// CannotWrite implements instance.Instance. What is mounted is written through a read-only mount too.
func (c *Nginx) CannotWrite(_ context.Context, real string, _ fsys.Entry) (string, error) {
	_, memory := c.TmpfsOf(real)
	_, mounted := MountOf(c.Info, real)
	switch {
	case memory && !c.Running:
		return "it lies in a tmpfs, and the container does not run", nil
	case !mounted && !memory && c.Info.HostConfig.ReadonlyRootfs:
		return "it lies in no mount, and the container's root is read-only; mount its directory", nil
	}
	return "", nil
}

// CannotSignal implements instance.Instance: who may ask the engine may have it send a signal.
func (c *Nginx) CannotSignal() string { return "" }
