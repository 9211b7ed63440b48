package deploy

import (
	"bluegate/deploy/model"
)

// tellAbout tells the progress what the run is about, as far as it is known, and notes the versions in the report.
func (r *run) tellAbout() {
	r.noteVersions()
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
		o.Ahead = r.ahead()
	}
	if p.Bakes(r.Settings) && !p.Drill {
		o.Bake = r.Settings.Bake.For
	}
	r.Progress.About(o)
}

// noteVersions notes what people call the images of each colour: those that its containers run, and of the release those
// that it is about to run.
func (r *run) noteVersions() {
	versions := map[model.Colour]string{}
	for _, colour := range model.Colours {
		var images []string
		for _, c := range r.seen.Of(colour) {
			images = append(images, c.Image)
		}
		if colour == r.plan.Release.To {
			images = r.plan.ReleaseImages()
		}
		if version := model.Version(images); version != "" {
			versions[colour] = version
		}
	}
	r.report.Versions = versions
}

// ahead are the steps of a deployment or a rollback that have something to do, in their order.
func (r *run) ahead() []string {
	p := r.plan
	all := []struct {
		name string
		does bool
	}{
		{"pull", len(p.Pull) > 0},
		{"build", len(p.Build) > 0},
		{"up", true},
		{"checks", len(p.Checks) > 0},
		{"switch", r.seen.Route.State != model.RouterAbsent},
		{"bake", p.Bakes(r.Settings) && !p.Drill},
		{"drain", p.From != model.None && p.Keep != model.KeepRunning},
		{"retire", p.From != model.None && p.Keep != model.KeepRunning},
		{"switch-back", p.Drill},
		{"remove", p.Drill},
	}
	var names []string
	for _, step := range all {
		if step.does {
			names = append(names, step.name)
		}
	}
	return names
}
