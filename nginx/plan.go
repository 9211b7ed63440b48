package nginx

import (
	"context"

	"bluegate/deploy/model"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
)

// Plan implements model.Router.
func (r *Router) Plan(route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error) {
	if route.Refusal != nil {
		return model.Change{To: to, Nginx: route.Nginx}, route.Refusal
	}
	change, err := r.mode.Plan(r.conf, route, instance.SeenBy(r.found, dir), to)
	if err == nil && len(change.Proofs) == 0 {
		change.Proofs = mode.OwnRoutes(r.conf.Tree)
	}
	if err == nil && !change.Empty() {
		// The plan is made of what was read a moment ago, and asks no more than that: the engine's limits bound it.
		err = r.barred(context.Background(), change)
	}
	return change, err
}
