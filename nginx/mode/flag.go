package mode

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"bluegate/deploy/model"
)

// Flagged makes or removes one file that nginx looks for at each request. Nothing is reloaded: no worker changes, no
// connection is closed.
type Flagged struct {
	dir string
	to  string
}

// longResolve is more than any release takes that has just started, so that waiting for it costs nothing.
const longResolve = 5 * time.Second

// StandIn implements Mode.
func (Flagged) StandIn(Configuration) (map[string][]byte, error) { return nil, nil }

// Observe implements Mode.
func (m Flagged) Observe(c Configuration, dir *model.Addresses, route *model.Route) {
	route.Refusal = m.look(c, dir, route)
}

func (m Flagged) look(c Configuration, dir *model.Addresses, route *model.Route) error {
	f, w, err := m.Flag(c, dir)
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
	if limit := w.idleLimit(f); limit > IdleQuiet {
		route.Findings = append(route.Findings, model.Finding{Code: "slow-drain", Place: f.place,
			Message: fmt.Sprintf("an upstream keeps idle connections for %s, and until then a drain cannot tell whether they are in use; write `keepalive_timeout 5s;` into it", limit)})
	}
	if !w.passesBodiesOn() {
		route.Findings = append(route.Findings, model.Finding{Code: "slow-upload", Place: f.place,
			Message: fmt.Sprintf("nginx reads a request's body before it connects to the colour that it had chosen, and no worker tells of such a request: an upload that takes longer than %s may find its colour stopped; write `proxy_request_buffering off;` into the server", IdleQuiet)})
	}
	if wait := w.unresolved(f); wait > longResolve {
		route.Findings = append(route.Findings, model.Finding{Code: "slow-resolve", Place: f.place,
			Message: fmt.Sprintf("nginx may know a new container only %s after its start, because it repeats a failed lookup no sooner; a switch waits for that; write `resolver_timeout 1s;` beside the resolver", wait)})
	}
	return c.leftOver(dir, route, w.scopeOf(f))
}

// Flag is the flag that the configuration looks for.
func (m Flagged) Flag(c Configuration, dir *model.Addresses) (flag, world, error) {
	w := world{tree: c.Tree, dir: dir}
	file, err := c.Located("nginx.to", m.dir, m.to)
	if err != nil {
		return flag{}, w, err
	}
	f, err := flagOf(c.Tree, dir, file)
	return f, w, err
}

func (Flagged) raised(c Configuration, f flag) (bool, error) {
	_, err := c.Files.Read(f.File)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Plan implements Mode.
func (m Flagged) Plan(c Configuration, route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error) {
	change := model.Change{To: to, Nginx: route.Nginx, Unloaded: true}
	f, w, err := m.Flag(c, dir)
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
	file := model.FileChange{Path: f.File}
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

const (
	// idleQuiet is how long no connection may lead to the old containers until a colour that a flag switched off is
	// taken to be drained: nginx may just have decided for it, and be about to connect.
	IdleQuiet = 2 * time.Second
	// resolving is added to what nginx remembers of addresses: its resolver's clock has whole seconds.
	resolving = 1500 * time.Millisecond
)
