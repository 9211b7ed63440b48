package mode

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// Edit is the smallest edit of the user's own files that makes them name a colour. Only the host:port of the switch
// points changes, or the name that chooses one of two upstreams; every other byte stays.
type Edit struct {
	dir    string
	only   []string // the files that may be edited; empty: all
	values []string // variables whose values count
}

// StandIn implements Mode.
func (Edit) StandIn(Configuration) (map[string][]byte, error) { return nil, nil }

// Observe implements mode.
func (m Edit) Observe(c Configuration, dir *model.Addresses, route *model.Route) {
	route.Refusal = m.look(c, dir, route)
}

func (m Edit) look(c Configuration, dir *model.Addresses, route *model.Route) error {
	r, err := ReferencesOf(c.Tree, dir)
	if err != nil {
		return err
	}
	if route.Points, err = r.points(m.values); err != nil {
		return err
	}
	if route.Names, err = namedColour(route.Points, c.Nginx); err != nil {
		return err
	}
	if err := m.outside(c, route.Points); err != nil {
		return err
	}
	if route.Names == model.None {
		route.Write = m.write(dir)
	}
	route.Findings = append(route.Findings, idleNames(r, route.Points)...)
	return c.leftOver(dir, route, Scope{points: route.Points})
}

// write is what a person writes into an upstream so that the configuration names a colour.
func (Edit) write(dir *model.Addresses) map[model.Colour]string {
	out := map[model.Colour]string{}
	for colour, address := range dir.Examples() {
		out[colour] = fmt.Sprintf("`server %s;` in the upstream that your locations pass to", address)
	}
	return out
}

// idleNames tells of upstreams that stay in the configuration while their colour is stopped: its names do not resolve
// then, and an nginx that is restarted does not come up.
func idleNames(r References, points []model.SwitchPoint) (findings []model.Finding) {
	w, seen := world{tree: r.tree, dir: r.dir}, map[string]bool{}
	for _, p := range points {
		t, chosen := r.twins.named(p.Address, "")
		if !chosen || p.Directive == "server" || seen[t.other] {
			continue
		}
		seen[t.other] = true
		idle, _ := r.twins.named(t.other, "")
		for _, place := range w.fixedServers(idle.ends) {
			findings = append(findings, model.Finding{Code: "idle-name", Place: place,
				Message: fmt.Sprintf("upstream %s stays while %s is stopped, and its name does not resolve then: an nginx that is restarted would not start; write `resolve` and a `zone` there (nginx 1.27.3 and newer), or keep the old colour running (old.keep)", idle.name, idle.colour)})
		}
	}
	return findings
}

// outside refuses points in files that may not be edited: half of a colour must not switch.
func (m Edit) outside(c Configuration, points []model.SwitchPoint) error {
	if len(m.only) == 0 {
		return nil
	}
	var allowed, places []string
	for _, file := range m.only {
		seen, err := c.Located("nginx.files", m.dir, file)
		if err != nil {
			return err
		}
		allowed = append(allowed, seen)
	}
	for _, p := range points {
		if !slices.Contains(allowed, path.Clean(p.Path)) {
			places = append(places, p.Place+" ("+p.Directive+" "+p.Address+")")
		}
	}
	if len(places) > 0 {
		return model.Refuse(model.SwitchPointAmbiguous, "the configuration of %s names a colour outside nginx.files, which would be left over: %s; list that file too", c.Nginx, strings.Join(places, ", "))
	}
	return nil
}

// Plan implements Mode.
func (Edit) Plan(c Configuration, route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error) {
	change := model.Change{To: to, Nginx: route.Nginx}
	if len(route.Points) == 0 {
		return change, model.Refuse(model.SwitchPointNotFound,
			"nothing in the configuration of %s names an address of either colour (%s); an upstream's server must say the service's name and the port that it listens on",
			c.Nginx, strings.Join(dir.Addresses(), ", "))
	}
	r, err := ReferencesOf(c.Tree, dir)
	if err != nil {
		return change, err
	}
	var diff strings.Builder
	for _, file := range c.Tree {
		edits, err := editsOf(r, file, route.Points, &change)
		if err != nil {
			return change, err
		}
		if len(edits) == 0 {
			continue
		}
		f := model.FileChange{Path: file.Path}
		if f.New, err = conf.Apply(file.Src, edits); err != nil {
			return change, fmt.Errorf("edit %s: %w", file.Path, err)
		}
		if err := c.fillOld(&f); err != nil {
			return change, err
		}
		change.Files = append(change.Files, f)
		diff.WriteString(diffOf(f, to))
	}
	change.Diff = diff.String()
	return change, nil
}

func editsOf(r References, file *conf.File, points []model.SwitchPoint, change *model.Change) ([]conf.Edit, error) {
	var edits []conf.Edit
	for _, p := range points {
		if p.Path != file.Path {
			continue
		}
		ends := r.leads(p)
		if p.Endpoint.Colour != change.To {
			text, other, err := r.Counterpart(p)
			if err != nil {
				return nil, err
			}
			edits, ends = append(edits, conf.Edit{Start: p.Start, End: p.End, Old: p.Address, New: text}), other
			change.Points++
		}
		change.Routes = addNew(change.Routes, ends...)
	}
	return edits, nil
}
