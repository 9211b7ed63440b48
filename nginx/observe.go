package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/client"

	"bluegate/deploy"
	"bluegate/nginx/conf"
)

// Observe implements deploy.Router.
func (r *Router) Observe(ctx context.Context, dir *deploy.Directory) (deploy.Route, error) {
	r.project = dir.Project()
	found, err := r.find(ctx, dir)
	if err != nil {
		return deploy.Route{}, unreachable(err)
	}
	if found == nil {
		return deploy.Route{State: deploy.RouterAbsent}, nil
	}
	r.found = found
	route := deploy.Route{Nginx: found.String(), ID: found.id(), State: deploy.RouterStopped}
	if found.running {
		route.State = deploy.RouterRunning
	}
	if err := r.read(ctx, &route, dir); err != nil {
		return route, unreachable(err)
	}
	if found.running {
		err = r.look(ctx, &route, dir)
	}
	return route, unreachable(err)
}

// read reads the configuration and finds the places that name a colour. What is wrong with it is the route's refusal.
func (r *Router) read(ctx context.Context, route *deploy.Route, dir *deploy.Directory) error {
	if r.found.main == "" {
		route.Refusal = deploy.Refuse(deploy.SwitchPointNotFound, "%s has no nginx.conf where nginx would look for it (%v)", r.found, mainFiles)
		return nil
	}
	r.files = newSource(ctx, r.engine, r.found.id())
	tree, err := conf.LoadTree(r.files, r.found.main)
	var syntax *conf.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, fs.ErrNotExist) { // of a file that an include names
		route.Refusal = deploy.Refuse(deploy.NginxTestFailed, "the configuration of %s is broken already: %v", r.found, err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the configuration of %s: %w", r.found, err)
	}
	r.tree = tree
	route.Points, route.Refusal = pointsOf(tree, dir)
	if route.Refusal != nil {
		return nil
	}
	route.Names, route.Refusal = namedColour(route.Points, r.found)
	if route.Refusal == nil {
		route.Findings, route.Refusal = r.leftOver(dir, route.Names)
	}
	route.Findings = append(route.Findings, r.notPersistent(route.Points)...)
	return nil
}

// namedColour is the colour that every switch point names. Both at once cannot be told apart by role.
func namedColour(points []deploy.SwitchPoint, nginx *instance) (deploy.Colour, error) {
	named := deploy.None
	for _, p := range points {
		switch {
		case named == deploy.None:
			named = p.Endpoint.Colour
		case named != p.Endpoint.Colour:
			return deploy.None, deploy.Refuse(deploy.SwitchPointAmbiguous,
				"the configuration of %s names both colours: %s at %s and %s at %s; make all of them name the live one",
				nginx, points[0].Address, points[0].Place, p.Address, p.Place)
		}
	}
	return named, nil
}

// harmless are the directives that may mention a host and send no traffic to it.
var harmless = []string{"server_name", "add_header", "add_trailer", "return", "log_format", "error_page", "sub_filter", "proxy_redirect", "proxy_set_header", "proxy_cookie_domain", "valid_referers", "access_log", "error_log", "index", "alias", "root"}

// leftOver lists what else mentions the live colour and is not going to be edited. Where traffic may depend on it (a
// variable, a map, Lua), a switch would leave users on a colour that is then stopped: that is refused.
func (r *Router) leftOver(dir *deploy.Directory, live deploy.Colour) (findings []deploy.Finding, refusal error) {
	var places []string
	for _, file := range r.tree {
		for _, m := range file.Mentions(dir.HostsOf(live)) {
			place := fmt.Sprintf("%s:%d", m.Path, m.Line)
			if !slices.Contains(harmless, m.Directive) {
				places = append(places, fmt.Sprintf("%s (%s %s)", place, m.Directive, deploy.Plain(m.Text)))
				continue
			}
			findings = append(findings, deploy.Finding{Code: "not-switched", Place: place,
				Message: fmt.Sprintf("%s mentions %s and is not changed by a switch: %s", m.Directive, live, deploy.Plain(m.Text))})
		}
	}
	if len(places) > 0 {
		refusal = deploy.Refuse(deploy.SwitchPointAmbiguous, "besides the addresses that are edited, the configuration of %s mentions %s where traffic may depend on it: %s; put the address into an upstream, and name that",
			r.found, live, strings.Join(places, ", "))
	}
	return findings, refusal
}

// notPersistent tells of switch points that are lost when nginx's container is made anew.
func (r *Router) notPersistent(points []deploy.SwitchPoint) (findings []deploy.Finding) {
	seen := map[string]bool{}
	for _, p := range points {
		if _, mounted := mountOf(r.found.info, p.Path); mounted || seen[p.Path] {
			continue
		}
		seen[p.Path] = true
		findings = append(findings, deploy.Finding{Code: "not-persistent", Place: p.Path,
			Message: fmt.Sprintf("%s lies in no mount of %s: a switch is lost when the container is made anew; mount its directory", p.Path, r.found)})
	}
	return findings
}

// look compares what runs with what is on disk, and asks nginx to test what is on disk.
func (r *Router) look(ctx context.Context, route *deploy.Route, dir *deploy.Directory) error {
	s, err := r.processes(ctx, r.found.id())
	if err != nil {
		return err
	}
	route.Draining = len(s.leaving)
	if route.Refusal != nil {
		return nil
	}
	if file, ok, err := r.newerThan(ctx, s, route.Points); err != nil {
		return err
	} else if ok {
		route.Refusal = deploy.Refuse(deploy.ConfigNotLoaded,
			"%s was changed after %s last loaded its configuration, so what runs is not what is on disk; look at the change, then reload nginx (docker exec %s nginx -s reload) or undo it",
			file, r.found, r.found.name)
		return nil
	}
	dump, err := r.dump(ctx)
	if err != nil {
		return err
	}
	if dump.code != 0 {
		// A name of a colour that has ended is what this deployment may mend.
		if host, ok := unresolved(dump.stderr); ok && dir.Knows(host) {
			return nil
		}
		route.Refusal = deploy.Refuse(deploy.NginxTestFailed, "%s would not load its own configuration as it is: %s", r.found, complaint(dump.stderr))
		return nil
	}
	for _, file := range r.tree {
		if hasPoint(route.Points, file.Path) && !shows(dump.stdout, file.Path, file.Src) {
			route.Refusal = deploy.Refuse(deploy.ConfigNotLoaded,
				"%s sees other bytes in %s than its mount holds: the mounted file was replaced, and nginx still has the old one; restart %s once, and mount the directory instead of the file",
				r.found, file.Path, r.found.name)
			return nil
		}
	}
	return nil
}

// newerThan finds a file with switch points that was changed after the oldest accepting worker began. Ages are whole
// seconds, so a change within a second of a reload cannot be told from it.
func (r *Router) newerThan(ctx context.Context, s snapshot, points []deploy.SwitchPoint) (string, bool, error) {
	began, ok := s.oldest(time.Now())
	if !ok {
		return "", false, nil
	}
	seen := map[string]bool{}
	for _, p := range points {
		if seen[p.Path] {
			continue
		}
		seen[p.Path] = true
		changed, err := r.modTime(ctx, p.Path)
		if err != nil {
			return "", false, err
		}
		if changed.Add(r.opts.Skew).After(began.Add(time.Second)) {
			return p.Path, true, nil
		}
	}
	return "", false, nil
}

// modTime asks anew: it may be asked for a file that changed since it was read.
func (r *Router) modTime(ctx context.Context, file string) (time.Time, error) {
	e, _, err := newSource(ctx, r.engine, r.found.id()).entry(file)
	return e.modTime, err
}

func hasPoint(points []deploy.SwitchPoint, path string) bool {
	for _, p := range points {
		if p.Path == path {
			return true
		}
	}
	return false
}

// pointsOf finds every place that names an address of a colour. A *_pass that names an upstream is no address, wherever
// that upstream stands.
func pointsOf(tree []*conf.File, dir *deploy.Directory) ([]deploy.SwitchPoint, error) {
	var upstreams []string
	for _, file := range tree {
		upstreams = append(upstreams, file.Upstreams()...)
	}
	var points []deploy.SwitchPoint
	for _, file := range tree {
		for _, p := range file.Points() {
			if p.RefersTo(upstreams) {
				continue
			}
			e, found, err := dir.Find(p.Host, portOf(file.Src, p))
			if err != nil {
				return nil, err
			}
			if found {
				points = append(points, deploy.SwitchPoint{
					Place: fmt.Sprintf("%s:%d", p.Path, p.Line), Directive: p.Directive, Upstream: p.Upstream,
					Address: string(file.Src[p.Start:p.End]), Endpoint: e, Path: p.Path, Start: p.Start, End: p.End,
				})
			}
		}
	}
	return points, nil
}

// portOf is the port that nginx uses when none is written.
func portOf(src []byte, p conf.Point) int {
	if n, err := strconv.Atoi(p.Port); err == nil {
		return n
	}
	scheme := bytes.ToLower(src[max(0, p.Start-len("https://")):p.Start])
	if string(scheme) == "https://" || string(scheme) == "grpcs://" {
		return 443
	}
	return 80
}

// unreachable marks errors of asking; refusals and marked ones pass.
func unreachable(err error) error {
	var refused *deploy.RefusedError
	var marked *deploy.UnreachableError
	if err == nil || errors.As(err, &refused) || errors.As(err, &marked) {
		return err
	}
	if client.IsErrConnectionFailed(err) {
		return &deploy.UnreachableError{What: "the engine", Err: err}
	}
	return &deploy.UnreachableError{What: "nginx", Err: err}
}
