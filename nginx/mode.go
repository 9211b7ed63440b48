package nginx

import (
	"context"
	"fmt"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/fsys"
)

// mode is a way to make nginx's configuration name a colour. It reads and plans; the Router does the rest.
type mode interface {
	// standIn is what to read in the place of files that the first deployment is going to make.
	standIn(c configuration) (map[string][]byte, error)

	// observe says what the configuration names: Points, Names, Findings, and as Refusal what of it forbids a switch.
	observe(c configuration, dir *model.Addresses, route *model.Route)

	// plan is the change that makes it name a colour.
	plan(c configuration, route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error)
}

// configuration is that of one nginx as it was read.
type configuration struct {
	nginx fmt.Stringer
	files fsys.Source
	main  string
	tree  []*conf.File
	// seenAs is the path under which nginx sees a file of the host, if it does.
	seenAs func(hostPath string) (string, bool)
}

// Plan implements model.Router.
func (r *Router) Plan(route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error) {
	if route.Refusal != nil {
		return model.Change{To: to, Nginx: route.Nginx}, route.Refusal
	}
	change, err := r.mode.plan(r.conf, route, seenBy(r.found, dir), to)
	if err == nil && len(change.Proofs) == 0 {
		change.Proofs = ownRoutes(r.conf.tree)
	}
	if err == nil && !change.Empty() {
		// The plan is made of what was read a moment ago, and asks no more than that: the engine's limits bound it.
		err = r.barred(context.Background(), change)
	}
	return change, err
}
