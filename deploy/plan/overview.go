package plan

import (
	"maps"

	"bluegate/deploy/model"
)

// Overview is what a run is about, as far as it is known: what people read while it is under way.
func (p Plan) Overview(o Observation, s Settings) model.Overview {
	about := model.Overview{
		Project: o.Application.Project, Release: p.Release.ID, Nginx: o.Route.Nginx, From: p.From, To: p.Release.To,
		Versions: map[model.Colour]string{}, Services: len(p.Release.Model.Services), Stable: s.Stable, Keep: p.Keep,
	}
	maps.Copy(about.Versions, p.Versions(o))
	if p.Release.To != model.None {
		about.Ahead = p.Ahead(o, s)
	}
	if p.Bakes(s) && !p.Drill {
		about.Bake = s.Bake.For
	}
	return about
}
