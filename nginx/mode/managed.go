package mode

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
	files map[model.Colour]ManagedFile
}

// StandIn implements Mode.
func (m managed) StandIn(c Configuration) (map[string][]byte, error) {
	to, err := c.Located("nginx.to", m.dir, m.to)
	if err != nil {
		return nil, err
	}
	return c.unlessThere(to, m.files[model.Blue].Render())
}

// Observe implements Mode.
func (m managed) Observe(c Configuration, dir *model.Addresses, route *model.Route) {
	route.Refusal = m.look(c, dir, route)
}

func (m managed) look(c Configuration, dir *model.Addresses, route *model.Route) error {
	to, err := c.Located("nginx.to", m.dir, m.to)
	if err != nil {
		return err
	}
	now, err := c.Files.Read(to)
	if errors.Is(err, fs.ErrNotExist) {
		return c.observeAbsent(dir, to, route, func(colour model.Colour) string {
			next := m.files[colour]
			next.SwitchID = NewSwitchID()
			return fmt.Sprintf("%s, with this content:\n%s", to, next.Render())
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

// Plan implements Mode.
func (m managed) Plan(c Configuration, route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error) {
	file, err := c.Located("nginx.to", m.dir, m.to)
	if err != nil {
		return model.Change{}, err
	}
	next := m.files[to]
	next.SwitchID = NewSwitchID()
	f := model.FileChange{Path: file, New: next.Render()}
	if now, err := c.Files.Read(file); err == nil && route.Names == to {
		if _, next.SwitchID, err = readManaged(file, now); err == nil && string(next.Render()) == string(now) {
			f.New = now
		}
	}
	change, err := c.wholeChange(route, dir, to, f)
	if err == nil && next.Listen != "" {
		change.Proofs = next.proofs()
	}
	return change, err
}
