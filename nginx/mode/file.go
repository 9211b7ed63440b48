package mode

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// The modes that replace a whole file share what is said here: which file that is for nginx, what else must not carry a
// colour, and what becomes of the configuration with another content in it.

// Located is a path of bluegate.yml's as nginx sees it: an absolute one is nginx's already, a relative one is below the
// project's folder and shows through one of nginx's mounts.
func (c Configuration) Located(key, dir, file string) (string, error) {
	if path.IsAbs(file) {
		return path.Clean(file), nil
	}
	if seen, ok := c.SeenAs(onHost(dir, file)); ok {
		return seen, nil
	}
	return "", model.Refuse(model.SwitchPointNotFound, "%s: %s lies in nothing that %s mounts: %s cannot see it; mount its folder, or write the path as nginx sees it, beginning with /", key, onHost(dir, file), c.Nginx, c.Nginx)
}

// unlessThere is a file that stands in for one that the first deployment is going to make: without it a configuration
// that includes it could not be read.
func (c Configuration) unlessThere(file string, content []byte) (map[string][]byte, error) {
	_, err := c.Files.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string][]byte{file: content}, nil
	}
	return nil, err
}

// Included is the file as nginx's configuration spells it. A file that nothing includes switches nothing.
func (c Configuration) Included(file string) (*conf.File, error) {
	for _, f := range c.Tree {
		if path.Clean(f.Path) == file {
			return f, nil
		}
	}
	if _, real, err := c.Files.Entry(file); err == nil {
		for _, f := range c.Tree {
			if _, r, err := c.Files.Entry(f.Path); err == nil && r == real {
				return f, nil
			}
		}
	}
	return nil, model.Refuse(model.SwitchPointNotFound, "nothing in the configuration of %s includes %s, so that changing it switches nothing; write `include %s;` where it belongs, and reload nginx once", c.Nginx, file, file)
}

// observeWhole finds the points in the live file, and refuses what carries the colour outside it.
func (c Configuration) observeWhole(dir *model.Addresses, file string, route *model.Route) error {
	f, err := c.Included(file)
	if err != nil {
		return err
	}
	if route.Points, err = wholePoints(c.Tree, f, dir); err != nil {
		return err
	}
	c.apart(route)
	for _, p := range route.Points {
		if p.Endpoint.Colour != route.Names {
			return model.Refuse(model.SwitchPointAmbiguous, "%s is what is written for %s, but names %s, which is %s's", p.Place, route.Names, p.Address, p.Endpoint.Colour)
		}
	}
	return c.leftOver(dir, route, Scope{points: route.Points, live: f.Path})
}

// apart tells the points of a canary's or a preview's new colour from those of the live one: requests go there, so that it
// is mentioned, and it is not what the configuration names.
func (c Configuration) apart(route *model.Route) {
	other, remedy := route.Testers, "it is the testers', while a release waits; `bluegate promote` and `bluegate abort` take it away"
	if share := route.Canary; share != nil {
		other, remedy = share.Colour, fmt.Sprintf("it is a canary's: %d %% of the clients get it; `bluegate settle` ends what a killed deployment left", share.Weight)
	}
	route.Points = slices.DeleteFunc(route.Points, func(p model.SwitchPoint) bool {
		new := other != model.None && p.Endpoint.Colour == other && strings.HasSuffix(p.Upstream, sideSuffix)
		if new {
			route.Mentions = append(route.Mentions, model.Mention{
				Colour: p.Endpoint.Colour, Place: p.Place, Directive: p.Directive, Text: p.Address, Passing: true, Remedy: remedy,
			})
		}
		return new
	})
}

// observeAbsent says what else carries a colour while the live file is not there yet: what stands in for it does not count.
func (c Configuration) observeAbsent(dir *model.Addresses, file string, route *model.Route, write func(model.Colour) string) error {
	f, err := c.Included(file)
	if err != nil {
		return err
	}
	route.Write = map[model.Colour]string{}
	for _, colour := range model.Colours {
		route.Write[colour] = write(colour)
	}
	return c.leftOver(dir, route, Scope{live: f.Path})
}

// wholePoints are the points of one file; the value of any variable in it counts.
func wholePoints(tree []*conf.File, f *conf.File, dir *model.Addresses) ([]model.SwitchPoint, error) {
	r, err := ReferencesOf(tree, dir)
	if err != nil {
		return nil, err
	}
	points := append(f.Points(), f.Values()...)
	return r.among(f, points)
}

// wholeChange is the change that one file makes, with the addresses that the configuration will name then. f.Path is
// as nginx sees it; what is there now is filled in here.
func (c Configuration) wholeChange(route model.Route, dir *model.Addresses, to model.Colour, f model.FileChange) (model.Change, error) {
	change := model.Change{To: to, Nginx: route.Nginx}
	live, err := c.Included(f.Path)
	if err != nil {
		return change, err
	}
	f.Path = live.Path
	if err := c.fillOld(&f); err != nil {
		return change, err
	}
	tree, err := conf.LoadTree(Replaced{c.Files, map[string][]byte{path.Clean(f.Path): f.New}}, c.Main)
	if err != nil {
		return change, model.Refuse(model.NginxTestFailed, "the configuration of %s for %s cannot be read: %v", c.Nginx, to, err)
	}
	if err := ahead(&change, tree, dir, f.Path); err != nil {
		return change, err
	}
	if !bytes.Equal(f.Old, f.New) || f.Link != f.OldLink {
		change.Files = append(change.Files, f)
		change.Diff = diffOf(f, to)
	}
	return change, nil
}

// fillOld says what is at the path before the change.
func (c Configuration) fillOld(f *model.FileChange) error {
	e, _, err := c.Files.Entry(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("read %s of %s: %w", f.Path, c.Nginx, err)
	}
	f.Old, f.OldTime = append([]byte{}, e.Content...), e.ModTime
	return nil
}

func diffOf(f model.FileChange, to model.Colour) string {
	if f.Link != "" {
		return fmt.Sprintf("%s -> %s\nbecomes %s -> %s\n", f.Path, f.OldLink, f.Path, f.Link)
	}
	return udiff.Unified(f.Path, f.Path+" (live: "+string(to)+")", string(f.Old), string(f.New))
}

// ahead works out where the traffic of a coming configuration goes: only to the colour that is to become live.
func ahead(change *model.Change, tree []*conf.File, dir *model.Addresses, file string) error {
	r, err := ReferencesOf(tree, dir)
	if err != nil {
		return err
	}
	for _, f := range tree {
		if f.Path != file {
			continue
		}
		points, err := wholePoints(tree, f, dir)
		if err != nil {
			return err
		}
		for _, p := range points {
			if p.Endpoint.Colour != change.To {
				return model.Refuse(model.SwitchPointAmbiguous, "what %s would hold for %s names %s, which is %s's", file, change.To, p.Address, p.Endpoint.Colour)
			}
		}
		change.Points = len(points)
		if err := r.stale(change, points); err != nil {
			return err
		}
	}
	if change.Routes, err = r.routes(change.To); err != nil {
		return err
	}
	if len(change.Routes) == 0 {
		return model.Refuse(model.SwitchPointNotFound, "with what %s would hold for %s, nginx names no address of it (%s), so that nothing could be proven; look at the name and the port", file, change.To, strings.Join(dir.Addresses(), ", "))
	}
	return nil
}

// stale refuses a coming configuration that still names the colour that a switch is going to stop.
func (r References) stale(change *model.Change, points []model.SwitchPoint) error {
	var left []model.Mention
	s := Scope{points: points}
	found := r.Mentions(s)
	choosers, _ := r.choosers(s, found)
	for _, m := range pair(append(found, choosers...)) {
		if m.serves(change.To.Other()) {
			left = append(left, m.Mention)
		}
	}
	if len(left) == 0 {
		return nil
	}
	return model.LeftOver(change.Nginx, change.To.Other(), left)
}
