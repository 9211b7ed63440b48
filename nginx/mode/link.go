package mode

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
)

// link points a symbolic link to the file of the colour.
type link struct {
	dir  string
	to   string
	from map[model.Colour]string
}

// StandIn implements Mode.
func (m link) StandIn(c Configuration) (map[string][]byte, error) {
	to, from, err := m.located(c)
	if err != nil {
		return nil, err
	}
	content, err := c.Files.Read(from[model.Blue])
	if err != nil {
		return nil, m.unread(model.Blue, err)
	}
	return c.unlessThere(to, content)
}

func (m link) located(c Configuration) (to string, from map[model.Colour]string, err error) {
	from = map[model.Colour]string{}
	for _, colour := range model.Colours {
		if from[colour], err = c.Located("nginx.from", m.dir, m.from[colour]); err != nil {
			return "", nil, err
		}
	}
	to, err = c.Located("nginx.to", m.dir, m.to)
	return to, from, err
}

func (m link) unread(colour model.Colour, err error) error {
	return &model.InvalidError{Err: fmt.Errorf("nginx.from: %s of %s: %w", m.from[colour], colour, err)}
}

// Observe implements Mode.
func (m link) Observe(c Configuration, dir *model.Addresses, route *model.Route) {
	route.Refusal = m.look(c, dir, route)
}

func (m link) look(c Configuration, dir *model.Addresses, route *model.Route) error {
	to, from, err := m.located(c)
	if err != nil {
		return err
	}
	_, real, err := c.Files.Entry(to)
	if errors.Is(err, fs.ErrNotExist) {
		return c.observeAbsent(dir, to, route, func(colour model.Colour) string {
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
		return model.Refuse(model.SwitchPointNotFound, "%s of %s is a file and no symbolic link: mode link would lose what is in it; link it to the live colour's file once (ln -sfn %s %s), or use mode copy", to, c.Nginx, from[model.Blue], to)
	}
	for _, colour := range model.Colours {
		if _, file, err := c.Files.Entry(from[colour]); err == nil && file == real {
			if route.Names != model.None {
				return model.Refuse(model.SwitchPointAmbiguous, "nginx.from leads both colours to %s", real)
			}
			route.Names = colour
		}
	}
	if route.Names == model.None {
		return model.Refuse(model.SwitchPointNotFound, "%s of %s is a link to %s, which is neither blue's file (%s) nor green's (%s)", to, c.Nginx, target, from[model.Blue], from[model.Green])
	}
	return c.observeWhole(dir, to, route)
}

// Plan implements Mode.
func (m link) Plan(c Configuration, route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error) {
	file, from, err := m.located(c)
	if err != nil {
		return model.Change{}, err
	}
	f := model.FileChange{Path: file}
	if f.New, err = c.Files.Read(from[to]); err != nil {
		return model.Change{}, m.unread(to, err)
	}
	if f.OldLink, err = c.readlink(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return model.Change{}, err
	}
	if f.Link = f.OldLink; route.Names != to {
		f.Link = Retarget(file, f.OldLink, from[to.Other()], from[to])
	}
	return c.wholeChange(route, dir, to, f)
}

// Retarget writes the new target the way the old one was written, so that there and back is the same: with the same
// folder where both files lie in one, else relative or absolute as before.
func Retarget(at, old, from, to string) string {
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
	for dir != "/" && !fsys.Under(file, dir) {
		dir, up = path.Dir(dir), up+"../"
	}
	return up + strings.TrimPrefix(strings.TrimPrefix(file, dir), "/")
}

// readlink is the target of the symbolic link that a path is; empty where it is none.
func (c Configuration) readlink(file string) (string, error) {
	dir, err := c.Files.RealDir(path.Dir(file))
	if err != nil {
		return "", err
	}
	return c.Files.LinkTarget(path.Join(dir, path.Base(file)))
}
