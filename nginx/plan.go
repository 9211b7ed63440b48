package nginx

import (
	"context"

	"bluegate/deploy/model"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
)

// Plan implements model.Nginx.
func (n *observed) Plan(dir *model.Addresses, to model.Colour) (model.Change, error) {
	if err := n.there(); err != nil {
		return model.Change{To: to}, err
	}
	if err := n.route.MaySwitch(to); err != nil {
		return model.Change{To: to, Nginx: n.route.Nginx}, err
	}
	change, err := n.mode.Plan(n.conf, n.route, instance.SeenBy(n.found, dir), to)
	if err == nil && len(change.Proofs) == 0 {
		change.Proofs = mode.OwnRoutes(n.conf.Tree)
	}
	if m, ok := n.mode.(mode.Stepper); ok && err == nil {
		change.Steps, change.NoSteps = m.Steps(n.conf, n.route, change)
	}
	if m, ok := n.mode.(mode.Previewer); ok && err == nil {
		change.Testers, change.NoTesters = m.Testers(n.conf, n.route, change)
	}
	if err == nil {
		change, err = n.gated(change)
	}
	if err == nil && !change.Empty() {
		// The plan is made of what was read a moment ago, and asks no more than that: the engine's limits bound it.
		err = n.barred(context.Background(), change)
	}
	return change, err
}
