package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/model"
)

// quietLimit is the longest time to wait for open connections before a deployment is refused.
const quietLimit = 5 * time.Second

// noOpenConnections refuses to replace containers to which connections are open, where a switch leaves nginx's workers
// as they are: there no worker tells of a websocket or of a long request.
func (r *run) noOpenConnections(ctx context.Context) error {
	to := r.plan.Release.To
	if !r.plan.Change.Unloaded || !r.plan.ReplacesRunning() || r.Settings.DrainThenStop {
		return nil
	}
	left, err := r.drainWithin(ctx, quietLimit, r.seen.Of(to), func(model.DrainStatus) {})
	if !errors.Is(err, errDrain) {
		return err
	}
	return model.Refuse(model.StillDraining, "%s still has connections open to %s, whose containers would be replaced: %s; wait until they have ended, or cut them: `bluegate settle --cut`, or drain: {then: stop} in bluegate.yml", r.seen.Route.Nginx, to, left)
}

// stopIdle stops the idle colour although connections are open to it. Nginx must not name it anywhere.
func (r *run) stopIdle(ctx context.Context) (said string, err error) {
	idle := r.seen.Live.Colour.Other()
	if idle == model.None {
		return "", model.Invalid("no colour is live (%s), so it is not known which colour could be stopped", r.seen.Live.By)
	}
	running := slices.DeleteFunc(r.seen.Of(idle), func(c model.Container) bool { return !c.InUse() })
	if len(running) == 0 {
		return "", nil
	}
	if err := r.seen.NothingLeadsTo(r.seen.Route, idle); err != nil {
		return "", err
	}
	if err := r.holdNames(ctx, idle); err != nil {
		return "", err
	}
	if err := r.despiteHooks(r.Stack.Retire(ctx, running)); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s was stopped, and what was open to it was cut; %s is live", idle, r.seen.Live.Colour), nil
}
