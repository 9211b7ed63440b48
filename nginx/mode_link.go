package nginx

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"bluegate/deploy"
)

// link points a symbolic link to the file of the colour.
type link struct {
	dir  string
	to   string
	from map[deploy.Colour]string
}

// standIn implements mode.
func (m link) standIn(c configuration) (map[string][]byte, error) {
	to, from, err := m.located(c)
	if err != nil {
		return nil, err
	}
	content, err := c.files.Read(from[deploy.Blue])
	if err != nil {
		return nil, m.unread(deploy.Blue, err)
	}
	return c.unlessThere(to, content)
}

func (m link) located(c configuration) (to string, from map[deploy.Colour]string, err error) {
	from = map[deploy.Colour]string{}
	for _, colour := range deploy.Colours {
		if from[colour], err = c.located("nginx.from", m.dir, m.from[colour]); err != nil {
			return "", nil, err
		}
	}
	to, err = c.located("nginx.to", m.dir, m.to)
	return to, from, err
}

func (m link) unread(colour deploy.Colour, err error) error {
	return &deploy.InvalidError{Err: fmt.Errorf("nginx.from: %s of %s: %w", m.from[colour], colour, err)}
}

// observe implements mode.
func (m link) observe(c configuration, dir *deploy.Directory, route *deploy.Route) {
	route.Refusal = m.look(c, dir, route)
}

func (m link) look(c configuration, dir *deploy.Directory, route *deploy.Route) error {
	to, from, err := m.located(c)
	if err != nil {
		return err
	}
	_, real, err := c.files.entry(to)
	if errors.Is(err, fs.ErrNotExist) {
		return c.observeAbsent(dir, to, route, func(colour deploy.Colour) string {
			return fmt.Sprintf("the symbolic link %s (ln -s %s %s)", to, from[colour], to)
		})
	}
	if err != nil {
		return err
	}
	target, err := c.readlink(to)
	if err != nil {
		return err
	}
	if target == "" {
		return deploy.Refuse(deploy.SwitchPointNotFound, "%s of %s is a file and no symbolic link: mode link would lose what is in it; link it to the live colour's file once (ln -sfn %s %s), or use mode copy", to, c.nginx, from[deploy.Blue], to)
	}
	for _, colour := range deploy.Colours {
		if _, file, err := c.files.entry(from[colour]); err == nil && file == real {
			if route.Names != deploy.None {
				return deploy.Refuse(deploy.SwitchPointAmbiguous, "nginx.from leads both colours to %s", real)
			}
			route.Names = colour
		}
	}
	if route.Names == deploy.None {
		return deploy.Refuse(deploy.SwitchPointNotFound, "%s of %s is a link to %s, which is neither blue's file (%s) nor green's (%s)", to, c.nginx, target, from[deploy.Blue], from[deploy.Green])
	}
	return c.observeWhole(dir, to, route)
}

// plan implements mode.
func (m link) plan(c configuration, route deploy.Route, dir *deploy.Directory, to deploy.Colour) (deploy.Change, error) {
	file, from, err := m.located(c)
	if err != nil {
		return deploy.Change{}, err
	}
	f := deploy.FileChange{Path: file}
	if f.New, err = c.files.Read(from[to]); err != nil {
		return deploy.Change{}, m.unread(to, err)
	}
	if f.OldLink, err = c.readlink(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return deploy.Change{}, err
	}
	if f.Link = f.OldLink; route.Names != to {
		f.Link = retarget(file, f.OldLink, from[to.Other()], from[to])
	}
	return c.wholeChange(route, dir, to, f)
}

// retarget writes the new target the way the old one was written, so that there and back is the same: with the same
// folder where both files lie in one, else relative or absolute as before.
func retarget(at, old, from, to string) string {
	if old != "" && path.Dir(from) == path.Dir(to) && path.Base(old) == path.Base(from) {
		return strings.TrimSuffix(old, path.Base(old)) + path.Base(to)
	}
	if path.IsAbs(old) {
		return to
	}
	return relative(path.Dir(at), to)
}

// relative is the way from a folder to a file, both absolute.
func relative(dir, file string) string {
	up := ""
	for dir != "/" && !under(file, dir) {
		dir, up = path.Dir(dir), up+"../"
	}
	return up + strings.TrimPrefix(strings.TrimPrefix(file, dir), "/")
}

// readlink is the target of the symbolic link that a path is; empty where it is none.
func (c configuration) readlink(file string) (string, error) {
	dir, err := c.files.realDir(path.Dir(file))
	if err != nil {
		return "", err
	}
	return c.files.link(path.Join(dir, path.Base(file)))
}
