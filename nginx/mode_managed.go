package nginx

import (
	"errors"
	"fmt"
	"io/fs"

	"bluegate/deploy/model"
)

// managed keeps all upstreams in one file of ours, which is rendered whole at each switch.
type managed struct {
	dir   string
	to    string
	files map[model.Colour]managedFile
}

// standIn implements mode.
func (m managed) standIn(c configuration) (map[string][]byte, error) {
	to, err := c.located("nginx.to", m.dir, m.to)
	if err != nil {
		return nil, err
	}
	return c.unlessThere(to, m.files[model.Blue].render())
}

// observe implements mode.
func (m managed) observe(c configuration, dir *model.Addresses, route *model.Route) {
	route.Refusal = m.look(c, dir, route)
}

func (m managed) look(c configuration, dir *model.Addresses, route *model.Route) error {
	to, err := c.located("nginx.to", m.dir, m.to)
	if err != nil {
		return err
	}
	now, err := c.files.Read(to)
	if errors.Is(err, fs.ErrNotExist) {
		return c.observeAbsent(dir, to, route, func(colour model.Colour) string {
			next := m.files[colour]
			next.switchID = newSwitchID()
			return fmt.Sprintf("%s, with this content:\n%s", to, next.render())
		})
	}
	if err != nil {
		return err
	}
	if route.Names, _, err = readManaged(to, now); err != nil {
		return err
	}
	return c.observeWhole(dir, to, route)
}

// plan implements mode.
func (m managed) plan(c configuration, route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error) {
	file, err := c.located("nginx.to", m.dir, m.to)
	if err != nil {
		return model.Change{}, err
	}
	next := m.files[to]
	next.switchID = newSwitchID()
	f := model.FileChange{Path: file, New: next.render()}
	if now, err := c.files.Read(file); err == nil && route.Names == to {
		if _, next.switchID, err = readManaged(file, now); err == nil && string(next.render()) == string(now) {
			f.New = now
		}
	}
	change, err := c.wholeChange(route, dir, to, f)
	if err == nil && next.listen != "" {
		change.Proofs = next.proofs()
	}
	return change, err
}
