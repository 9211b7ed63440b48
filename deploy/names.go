package deploy

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"bluegate/deploy/model"
)

// holdNames makes the engine hold the host names that nginx's files name for both colours and behind which no container
// runs, or is going to once the ending colour is stopped. What to hold is derived from what is true, and never stored: so
// any command repairs what a killed one left.
func (r *run) holdNames(ctx context.Context, ending model.Colour) error {
	if r.route.Refusal != nil { // it may have been half of a switch, which was undone since
		route, err := r.see(ctx)
		if err != nil {
			return err
		}
		if r.route.Paired = route.Paired; route.Refusal != nil {
			return nil // what it names cannot be told, so what is held stays
		}
	}
	return r.hold(ctx, ending)
}

// hold is holdNames by what nginx was observed to name. It changes nothing of the run.
func (r *run) hold(ctx context.Context, ending model.Colour) error {
	if r.route.State == model.RouterAbsent {
		return nil
	}
	containers, err := r.Stack.Containers(ctx, r.app) // the run's own are as they were when it looked
	if err != nil {
		return err
	}
	runs := slices.ContainsFunc(containers, func(c model.Container) bool { return c.Colour != ending && c.InUse() })
	if !runs && (r.release.ID == "" || r.report.From != model.None) { // nothing is live, and once something is, what is held is needed
		return nil
	}
	var names []model.HeldName
	if runs { // else a first deployment is undone, and leaves nothing
		names = r.unresolved(containers, ending)
	}
	return r.Stack.Hold(ctx, r.app.Project, r.route.ID, names)
}

// namesKnown reports whether nginx's files were read to their end.
func (r *run) namesKnown() bool {
	return r.route.State != model.RouterAbsent && r.route.Refusal == nil
}

// unresolved are the names behind which none of these containers runs, or is going to.
func (r *run) unresolved(containers []model.Container, ending model.Colour) (names []model.HeldName) {
	for _, n := range r.paired() {
		alive := n.Colour != ending && slices.ContainsFunc(containers, func(c model.Container) bool {
			return c.Colour == n.Colour && c.Service == n.service && c.InUse()
		})
		if !alive {
			names = append(names, n.HeldName)
		}
	}
	return names
}

type pairedName struct {
	model.HeldName
	service string
}

// paired are the host names of nginx's files that exist in the same form for both colours and that Docker resolves.
func (r *run) paired() (names []pairedName) {
	for _, e := range r.route.Paired {
		if _, err := netip.ParseAddr(strings.Trim(e.Host, "[]")); err == nil || e.Published || e.Host == "" {
			continue
		}
		n := pairedName{model.HeldName{Colour: e.Colour, Host: strings.ToLower(e.Host)}, e.Service}
		if slices.ContainsFunc(names, func(o pairedName) bool { return o.Host == n.Host }) {
			continue
		}
		if s, known := r.app.Models[e.Colour].Service(e.Service); known {
			n.Networks = s.Networks
		}
		names = append(names, n)
	}
	return names
}

// canHoldNames refuses a setup in which nginx could not start again once a colour is stopped.
func (r *run) canHoldNames(ctx context.Context) error {
	if !r.namesKnown() {
		return nil
	}
	var names []model.HeldName
	for _, n := range r.paired() {
		names = append(names, n.HeldName)
	}
	if len(names) == 0 {
		return nil
	}
	return r.Stack.CanHold(ctx, r.route.ID, names)
}

// lookAtNames tells which names are held, and which are not that nginx needs at its next start.
func (r *run) lookAtNames(ctx context.Context) error {
	var err error
	if r.report.Names, err = r.Stack.HeldNames(ctx, r.app.Project); err != nil || !r.namesKnown() || r.report.Live == model.None {
		return err
	}
	var missing []string
	for _, n := range r.unresolved(r.containers, model.None) {
		if r.report.Names == nil || !slices.Contains(r.report.Names.Hosts, n.Host) {
			missing = append(missing, n.Host)
		}
	}
	if len(missing) > 0 {
		r.note(model.Finding{
			Code: "names-not-held", Message: fmt.Sprintf("%s could not start again: its files name %s, and no container with that name runs", r.route.Nginx, strings.Join(missing, ", ")),
			Cost: "the site is down after the next restart of nginx or of the engine", Remedy: "bluegate settle",
		})
	}
	return nil
}
