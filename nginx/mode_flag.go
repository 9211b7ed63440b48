package nginx

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"bluegate/deploy/model"
)

// flagged makes or removes one file that nginx looks for at each request. Nothing is reloaded: no worker changes, no
// connection is closed.
type flagged struct {
	dir string
	to  string
}

// longResolve is more than any release takes that has just started, so that waiting for it costs nothing.
const longResolve = 5 * time.Second

// standIn implements mode.
func (flagged) standIn(configuration) (map[string][]byte, error) { return nil, nil }

// observe implements mode.
func (m flagged) observe(c configuration, dir *model.Addresses, route *model.Route) {
	route.Refusal = m.look(c, dir, route)
}

func (m flagged) look(c configuration, dir *model.Addresses, route *model.Route) error {
	f, w, err := m.flag(c, dir)
	if err != nil {
		return err
	}
	there, err := m.raised(c, f)
	if err != nil {
		return err
	}
	with, without := f.colours()
	if route.Names = without; there {
		route.Names = with
	}
	route.Points = f.points(route.Names)
	if limit := w.idleLimit(f); limit > idleQuiet {
		route.Findings = append(route.Findings, model.Finding{Code: "slow-drain", Place: f.place,
			Message: fmt.Sprintf("an upstream keeps idle connections for %s, and until then a drain cannot tell whether they are in use; write `keepalive_timeout 5s;` into it", limit)})
	}
	if !w.passesBodiesOn() {
		route.Findings = append(route.Findings, model.Finding{Code: "slow-upload", Place: f.place,
			Message: fmt.Sprintf("nginx reads a request's body before it connects to the colour that it had chosen, and no worker tells of such a request: an upload that takes longer than %s may find its colour stopped; write `proxy_request_buffering off;` into the server", idleQuiet)})
	}
	if wait := w.unresolved(f); wait > longResolve {
		route.Findings = append(route.Findings, model.Finding{Code: "slow-resolve", Place: f.place,
			Message: fmt.Sprintf("nginx may know a new container only %s after its start, because it repeats a failed lookup no sooner; a switch waits for that; write `resolver_timeout 1s;` beside the resolver", wait)})
	}
	return c.leftOver(dir, route, w.scopeOf(f))
}

// flag is the flag that the configuration looks for.
func (m flagged) flag(c configuration, dir *model.Addresses) (flag, world, error) {
	w := world{tree: c.tree, dir: dir}
	file, err := c.located("nginx.to", m.dir, m.to)
	if err != nil {
		return flag{}, w, err
	}
	f, err := flagOf(c.tree, dir, file)
	return f, w, err
}

func (flagged) raised(c configuration, f flag) (bool, error) {
	_, err := c.files.Read(f.file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// plan implements mode.
func (m flagged) plan(c configuration, route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error) {
	change := model.Change{To: to, Nginx: route.Nginx, Unloaded: true}
	f, w, err := m.flag(c, dir)
	if err != nil {
		return change, err
	}
	if change.Memory, err = w.memory(f); err != nil {
		return change, err
	}
	change.Routes = slices.Clone(f.of(to))
	if route.Names == to {
		return change, nil
	}
	file := model.FileChange{Path: f.file}
	if err := c.fillOld(&file); err != nil {
		return change, err
	}
	if with, _ := f.colours(); with == to {
		file.New = []byte("While this file is there, " + string(to) + " is live. bluegate makes and removes it.\n")
	}
	change.Files, change.Points = []model.FileChange{file}, len(f.points(to))
	change.Diff = diffOf(file, to)
	return change, nil
}
