package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"bluegate/deploy/model"
)

// NamesKnown says whether nginx's files were read to their end.
func (o Observation) NamesKnown() bool {
	return o.Route.State != model.RouterAbsent && o.Route.Refusal == nil
}

// Unresolved are the host names that nginx's files name for both colours and that belong to none of these containers,
// or to none once the ending colour is stopped.
func (o Observation) Unresolved(containers []model.Container, ending model.Colour) (names []model.HeldName) {
	for _, n := range o.paired() {
		alive := n.Colour != ending && slices.ContainsFunc(containers, func(c model.Container) bool {
			return c.Colour == n.Colour && c.Service == n.service && c.InUse()
		})
		if !alive {
			names = append(names, n.HeldName)
		}
	}
	return names
}

// names are all that may have to be held one day.
func (o Observation) names() []model.HeldName {
	if !o.NamesKnown() {
		return nil
	}
	return o.Unresolved(nil, model.None)
}

type pairedName struct {
	model.HeldName
	service string
}

// paired are the host names of nginx's files that exist in the same form for both colours and that Docker resolves.
func (o Observation) paired() (names []pairedName) {
	for _, e := range o.Route.Paired {
		if _, err := netip.ParseAddr(strings.Trim(e.Host, "[]")); err == nil || e.Published || e.Host == "" {
			continue
		}
		n := pairedName{model.HeldName{Colour: e.Colour, Host: strings.ToLower(e.Host)}, e.Service}
		if slices.ContainsFunc(names, func(other pairedName) bool { return other.Host == n.Host }) {
			continue
		}
		if s, known := o.Application.Models[e.Colour].Service(e.Service); known {
			n.Networks = s.Networks
		}
		names = append(names, n)
	}
	return names
}

// NamesNotHeld tells of names that nginx needs at its next start, and that lead nowhere then. held may be nil.
func (o Observation) NamesNotHeld(held *model.NamesReport) []model.Finding {
	var missing []string
	for _, n := range o.Unresolved(o.Containers, model.None) {
		if held == nil || !slices.Contains(held.Hosts, n.Host) {
			missing = append(missing, n.Host)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return []model.Finding{{
		Code: "names-not-held", Message: fmt.Sprintf("%s could not start again: its files name %s, and no container with that name runs", o.Route.Nginx, strings.Join(missing, ", ")),
		Cost: "the site is down after the next restart of nginx or of the engine", Remedy: "bluegate settle",
	}}
}
