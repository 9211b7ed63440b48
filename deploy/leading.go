package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// Not knowing what nginx serves is a refusal. Nothing that runs is stopped, removed or replaced unless an observation says
// that no request can be led to it.

// liveKnown refuses a deployment in which containers of a colour run while nginx's files name neither: which of them users
// are on cannot be told then.
func (r *run) liveKnown() error {
	if r.first || r.route.State != model.RouterRunning || r.route.Refusal != nil || r.route.Names != model.None {
		return nil
	}
	return r.liveUnknown(r.route)
}

// liveUnknown says where nginx mentions the colours, and what to write.
func (r *run) liveUnknown(route model.Route) error {
	var text strings.Builder
	running := slices.DeleteFunc(slices.Clone(model.Colours[:]), func(c model.Colour) bool { return !r.runs(c) })
	names := make([]string, len(running))
	for i, c := range running {
		names[i] = string(c)
	}
	fmt.Fprintf(&text, "containers of %s run, but the configuration of %s names neither colour where a switch would change it, so which one users are on is not known", strings.Join(names, " and "), route.Nginx)
	if len(route.Mentions) == 0 {
		text.WriteString("; it mentions no address of either")
	}
	for i, m := range route.Mentions {
		if i == 0 {
			text.WriteString("; it mentions")
		}
		fmt.Fprintf(&text, "\n%s at %s", m.Colour, m)
	}
	for i, c := range running {
		if write := route.Write[c]; write != "" {
			if i == 0 {
				text.WriteString("\nmake it name the live colour, reload nginx, and deploy again.")
			}
			fmt.Fprintf(&text, "\nIf %s is live, write %s", c, write)
		}
	}
	if len(route.Write) == 0 {
		text.WriteString("\nmake it name the live colour, reload nginx, and deploy again")
	}
	return model.Refuse(model.LiveUnknown, "%s", text.String())
}

// nothingLeadsTo refuses to touch containers of a colour that run, unless the route says that nginx serves the other
// colour and names this one nowhere.
func (r *run) nothingLeadsTo(route model.Route, colour model.Colour) error {
	places := route.LeadsTo(colour)
	switch {
	case route.State != model.RouterRunning:
		return model.Refuse(model.LiveUnknown, "containers of %s run, and no nginx runs that could say whether users are on them; start nginx, or stop them if nobody uses them", colour)
	case route.Refusal != nil:
		return route.Refusal
	case route.Names == model.None:
		return r.liveUnknown(route)
	case route.Names == colour:
		return model.Refuse(model.LiveUnknown, "the configuration of %s names %s, whose containers run", route.Nginx, colour)
	case len(places) > 0:
		return model.LeftOver(route.Nginx, colour, route.Unpaired(colour))
	}
	return nil
}

// quietLimit bounds the look whether anything is still open to a colour that was left running.
const quietLimit = 5 * time.Second

// quiet refuses to replace containers to which connections are still open where a switch leaves nginx's workers as they
// are: no worker tells of a websocket or of a long request then.
func (r *run) quiet(ctx context.Context) error {
	to := r.release.To
	if !r.change.Unloaded || !r.answers(to) || r.Settings.DrainThenStop {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, quietLimit, errDrain)
	defer cancel()
	var left model.DrainStatus
	err := r.Router.Drain(ctx, r.of(to), func(l model.DrainStatus) { left = l })
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil:
		return err
	case !errors.Is(context.Cause(ctx), errDrain):
		return context.Cause(ctx)
	}
	return model.Refuse(model.StillDraining, "%s still has connections open to %s, whose containers would be replaced: %s; wait until they have ended, or cut them: `bluegate settle --cut`, or drain: {then: stop} in bluegate.yml", r.route.Nginx, to, left)
}

// cut stops the idle colour although connections are open to it. Nginx names it nowhere.
func (r *run) cut(ctx context.Context) error {
	idle := r.report.Live.Other()
	if idle == model.None {
		return model.Invalid("no colour is live (%s), so which one could be stopped is not known", r.report.LiveBy)
	}
	running := slices.DeleteFunc(r.of(idle), func(c model.Container) bool {
		return !c.Running && c.State != string(gate.StateRestarting) && c.State != string(gate.StatePaused)
	})
	if len(running) == 0 {
		return nil
	}
	if err := r.nothingLeadsTo(r.route, idle); err != nil {
		return err
	}
	if err := r.holdNames(ctx, idle); err != nil {
		return err
	}
	if err := r.Stack.Retire(ctx, running); err != nil {
		return err
	}
	r.report.Message = fmt.Sprintf("%s was stopped, and what was open to it was cut; %s is live", idle, r.report.Live)
	return nil
}
