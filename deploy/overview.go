package deploy

import "bluegate/deploy/model"

// tellAbout tells the progress what the run is about, as far as it is known, and notes the versions in the report.
func (r *run) tellAbout() {
	r.report.Versions = r.plan.Versions(r.seen)
	p := r.plan
	o := model.Overview{
		Command: r.command, Project: r.seen.Application.Project, Release: p.Release.ID, Nginx: r.seen.Route.Nginx,
		Live: r.live.Colour, From: p.From, To: p.Release.To, Versions: map[model.Colour]string{}, Services: len(p.Release.Model.Services),
		Stable: r.Settings.Stable, Keep: p.Keep, Looks: r.lease == nil,
	}
	for colour, version := range r.report.Versions {
		o.Versions[colour] = version
	}
	if p.Release.To != model.None {
		o.Ahead = p.Ahead(r.seen, r.Settings)
	}
	if p.Bakes(r.Settings) && !p.Drill {
		o.Bake = r.Settings.Bake.For
	}
	r.Progress.About(o)
}
