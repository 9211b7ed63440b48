package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bluegate/deploy/model"
)

// Not knowing what nginx serves is a refusal. Nothing that runs is stopped, removed or replaced unless an Observation says
// that no request can be led to it.

// liveKnown refuses a deployment in which containers of a colour run while nginx's files name neither, or name the other
// one, of which nothing runs, and lead to this one at some other place: which of them users are on cannot be told then.
func (o Observation) liveKnown() error {
	if o.First() || o.Route.State != model.RouterRunning || o.Route.Refusal != nil {
		return nil
	}
	named := o.Route.Names
	if other := named.Other(); named == model.None || !o.Runs(named) && o.Runs(other) && len(o.Route.LeadsTo(other)) > 0 {
		return o.liveUnknown(o.Route)
	}
	return nil
}

// liveUnknown says where nginx mentions the colours, and what to write.
func (o Observation) liveUnknown(route model.Route) error {
	var running []string
	write := ""
	for _, c := range model.Colours {
		if !o.Runs(c) {
			continue
		}
		running = append(running, string(c))
		undeclared := slices.ContainsFunc(route.Mentions, func(m model.Mention) bool { return m.Colour == c && len(m.Undeclared) > 0 })
		if text := route.Write[c]; text != "" && !undeclared { // nginx is right there, and the Compose files lack something
			write += fmt.Sprintf("\nIf %s is live, write %s", c, text)
		}
	}
	mentions := "; it mentions no address of either"
	for i, m := range route.Mentions {
		if i == 0 {
			mentions = "; it mentions"
		}
		mentions += fmt.Sprintf("\n%s at %s", m.Colour, m)
		if len(m.Undeclared) > 0 {
			mentions += ": " + m.Remedy
		}
	}
	names := "neither colour"
	if route.Names != model.None {
		names = fmt.Sprintf("%s, of which none runs,", route.Names)
	}
	paste := model.Declare(route.Mentions)
	todo := "\nmake it name the live colour, reload nginx, and deploy again"
	if paste != "" && write == "" {
		todo = "\nthen deploy again; nginx needs no change"
	}
	return model.Refuse(model.LiveUnknown, "containers of %s run, but the configuration of %s names %s where a switch would change it, so it is not known which one users are on%s%s%s%s",
		strings.Join(running, " and "), route.Nginx, names, mentions, todo, write, paste)
}

// NothingLeadsTo refuses to touch containers of a colour that run, unless the route says that nginx serves the other
// colour and names this one nowhere.
func (o Observation) NothingLeadsTo(route model.Route, colour model.Colour) error {
	switch {
	case route.State != model.RouterRunning:
		return model.Refuse(model.LiveUnknown, "containers of %s run, and no nginx runs that could say whether users are on them; start nginx, or stop them if nobody uses them", colour)
	case route.Refusal != nil:
		return route.Refusal
	case route.Names == model.None:
		return o.liveUnknown(route)
	case route.Names == colour:
		return model.Refuse(model.LiveUnknown, "the configuration of %s names %s, whose containers run", route.Nginx, colour)
	case len(route.LeadsTo(colour)) > 0:
		return model.LeftOver(route.Nginx, colour, route.Unpaired(colour))
	}
	return nil
}

// MayStop says why the old colour of a plan must not be stopped: someone may have pointed nginx back at it.
func (p Plan) MayStop(route model.Route) error {
	from, to := p.From, p.Release.To
	switch {
	case route.Refusal != nil:
		return fmt.Errorf("what %s serves cannot be told: %w", route.Nginx, route.Refusal)
	case route.Names == from:
		return fmt.Errorf("the configuration of %s names %s again, though %s had been made live; someone switched it back: decide which colour is to be live, and deploy that", route.Nginx, from, to)
	case route.State == model.RouterAbsent:
		return errors.New("nginx is not there any more, so what it serves cannot be told; bring it back")
	case route.Names != to:
		return fmt.Errorf("the configuration of %s does not name %s any more, though it had been made live; someone edited it: make it name the live colour, reload nginx", route.Nginx, to)
	}
	if places := route.LeadsTo(from); len(places) > 0 {
		return fmt.Errorf("the configuration of %s still names %s at %s; remove that, reload nginx, then run `bluegate settle`", route.Nginx, from, strings.Join(places, ", "))
	}
	return nil
}

// PointedAt is the error of someone who has pointed nginx at the plan's release since the plan was made: at a switch point, at
// any other place, or by a whole file, which may have neither.
func (p Plan) PointedAt(route model.Route) error {
	named := slices.DeleteFunc(route.LeadsTo(p.Release.To), func(place string) bool { return slices.Contains(p.Named, place) })
	if len(named) == 0 && route.Names == p.Release.To {
		named = []string{"as a whole"}
	}
	if len(named) == 0 {
		return nil
	}
	return fmt.Errorf("the configuration of %s names %s now (%s), so the release keeps running; someone edited it: make it name the live colour, reload nginx", route.Nginx, p.Release.To, strings.Join(named, ", "))
}

// MayBeServed is the error of a configuration whose colour cannot be told once nginx has loaded it: none was like that when
// the plan was made, or it would have been refused.
func (p Plan) MayBeServed(route model.Route) error {
	if route.Refusal == nil || len(route.Points) > 0 || p.sameWorkers(route) {
		return nil
	}
	return fmt.Errorf("someone edited the configuration of %s, and nginx may serve %s by it, so the release keeps running (%w); make it name the live colour, reload nginx", route.Nginx, p.Release.To, route.Refusal)
}

// sameWorkers says that nginx has loaded nothing since the plan was made.
func (p Plan) sameWorkers(now model.Route) bool {
	before := slices.Sorted(slices.Values(p.Workers))
	return len(before) > 0 && slices.Equal(before, slices.Sorted(slices.Values(now.Workers)))
}

// StillIdle refuses to touch containers of a colour that run, if someone pointed nginx at them since the Observation.
func (o Observation) StillIdle(now model.Route, colour model.Colour) error {
	if now.Refusal == nil && now.Names != o.Route.Names {
		return model.Refuse(model.ConfigNotLoaded, "%s named %s when the deployment began, and names %s now: someone switched it; find out who uses %s, and deploy again", now.Nginx, OrNone(o.Route.Names), OrNone(now.Names), colour)
	}
	return o.NothingLeadsTo(now, colour)
}
