package nginx

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"bluegate/deploy"
	"bluegate/nginx/conf"
)

// Plan implements deploy.Router: the smallest edit that makes the configuration name a colour. Only the host:port of
// the switch points changes; every other byte stays.
func (r *Router) Plan(route deploy.Route, dir *deploy.Directory, to deploy.Colour) (deploy.Change, error) {
	change := deploy.Change{To: to, Nginx: route.Nginx}
	if route.Refusal != nil {
		return change, route.Refusal
	}
	if len(route.Points) == 0 {
		return change, deploy.Refuse(deploy.SwitchPointNotFound,
			"nothing in the configuration of %s names an address of either colour (%s); an upstream's server must say the service's name and the port that it listens on",
			r.found, strings.Join(dir.Addresses(), ", "))
	}
	var diff strings.Builder
	for _, file := range r.tree {
		edits, err := editsOf(file, route.Points, dir, to, &change)
		if err != nil {
			return change, err
		}
		if len(edits) == 0 {
			continue
		}
		after, err := conf.Apply(file.Src, edits)
		if err != nil {
			return change, fmt.Errorf("edit %s: %w", file.Path, err)
		}
		was, _, err := r.files.entry(file.Path)
		if err != nil {
			return change, fmt.Errorf("edit %s: %w", file.Path, err)
		}
		change.Files = append(change.Files, deploy.FileChange{Path: file.Path, Old: bytes.Clone(file.Src), New: after, OldTime: was.modTime})
		diff.WriteString(udiff.Unified(file.Path, file.Path+" (live: "+string(to)+")", string(file.Src), string(after)))
	}
	change.Diff = diff.String()
	return change, nil
}

func editsOf(file *conf.File, points []deploy.SwitchPoint, dir *deploy.Directory, to deploy.Colour, change *deploy.Change) ([]conf.Edit, error) {
	var edits []conf.Edit
	for _, p := range points {
		if p.Path != file.Path {
			continue
		}
		e := p.Endpoint
		if e.Colour != to {
			var err error
			if e, err = dir.Counterpart(e); err != nil {
				return nil, err
			}
			edits = append(edits, conf.Edit{Start: p.Start, End: p.End, Old: p.Address, New: written(p, e)})
			change.Points++
		}
		if !slices.Contains(change.Routes, e) {
			change.Routes = append(change.Routes, e)
		}
	}
	return edits, nil
}

// written is an address in the form in which the place had it: without a port where the default one serves both.
func written(p deploy.SwitchPoint, e deploy.Endpoint) string {
	if !strings.Contains(p.Address, ":") && e.Port == p.Endpoint.Port {
		return e.Host
	}
	return net.JoinHostPort(e.Host, strconv.Itoa(e.Port))
}
