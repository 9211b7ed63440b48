package nginx

import (
	"context"
	"fmt"
	"strings"

	"bluegate/deploy/model"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/instance"
)

// others reads the nginxes other than the one that was found: those in containers and, where the engine is this machine's and
// the colours publish ports, those of this machine.
func (r *Router) others(ctx context.Context, dir *model.Addresses, found string) (all []instance.Other, err error) {
	if r.engine != nil {
		s := &incontainer.Search{Engine: r.engine, Opts: r.opts, Dir: dir}
		if all, err = s.Others(ctx, found); err != nil {
			return nil, err
		}
	}
	if !r.opts.Local || !dir.Publishes() {
		return all, nil
	}
	here, err := r.othersOnHost(ctx, dir, found)
	return append(all, here...), err
}

// leadElsewhere refuses a switch where other nginxes send requests to the colour that it would stop: only one is switched. One
// that names both colours does not depend on either.
func leadElsewhere(route *model.Route, others []instance.Other) {
	var lead []string
	for _, o := range others {
		if o.Unread != nil {
			route.Findings = append(route.Findings, model.Finding{
				Code: "nginx-passed-by", Place: o.Nginx, Message: fmt.Sprintf("the configuration of %s cannot be read: %v", o.Nginx, o.Unread),
				Cost:   "if it sends requests to the application too, a switch does not change where",
				Remedy: fmt.Sprintf("# mend its configuration; or, if it has nothing to do with the application: %s", o.Exempt),
			})
		}
		if places := o.Route.LeadsTo(route.Names); route.Names != model.None && len(places) > 0 && len(o.Route.LeadsTo(route.Names.Other())) == 0 {
			lead = append(lead, fmt.Sprintf("%s at %s (where it serves nobody: %s)", o.Nginx, strings.Join(places, ", "), o.Exempt))
		}
	}
	if len(lead) > 0 && route.LeftOver == nil {
		route.LeftOver = model.Refuse(model.AddressLeftOver, "only %s would be switched, and another nginx names %s too, which would be stopped: %s; let it pass requests to the one that is switched",
			route.Nginx, route.Names, strings.Join(lead, "; "))
	}
}

// severalMasters refuses a switch of a container in which more than one nginx was started: each has a configuration of its own,
// and that of one only was read.
func severalMasters(route *model.Route, found instance.Instance) {
	c, ok := found.(*incontainer.Nginx)
	if ok && len(c.OtherMasters) > 0 && route.Refusal == nil {
		route.Refusal = model.Refuse(model.SwitchPointAmbiguous, "%s runs more than one nginx, of which one only can be switched: next to the first one %q; run each in a container of its own", c, c.OtherMasters)
	}
}
