package plan

import (
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// Describe is the plan for the report, without its hooks, and what is to be known of it.
func (p Plan) Describe(o Observation, s Settings) (*report.Plan, []model.Finding) {
	ref := func(img Image) string { return img.Ref }
	name := func(c Container) string { return c.Name }
	to := &report.Plan{
		Pull: texts(p.Pull, ref), Build: texts(p.Build, ref), Create: texts(p.Create, func(a Action) string { return a.What }),
		Start: texts(p.Start, name), Replace: texts(p.Replace, name), Stop: texts(p.Stop, name),
		Points: append([]model.SwitchPoint{}, o.Route.Points...), Diff: p.Change.Diff, Services: []report.Decision{},
		Checks: texts(slices.Concat(p.Checks, p.InBake), func(c check.Check) string { return fmt.Sprintf("%s from %s", c, c.From) }), Hooks: []string{},
	}
	var said []model.Finding
	if len(p.Pull)+len(p.Build) == 0 && p.Release.Back == nil {
		said = p.SameImages(o)
	}
	for i, service := range p.Release.Model.Services {
		to.Services = append(to.Services, report.Decision{
			Service: service.Name, Image: service.Image, Healthcheck: DescribeProbe(p.Expected[i].Probe), LatestMS: gate.Budget(p.Expected[i : i+1]).Milliseconds(),
		})
	}
	budget := min(gate.Budget(p.Expected), p.Budget(s))
	to.BudgetMS = budget.Milliseconds()
	return to, append(said, model.Finding{Code: "gate", Message: fmt.Sprintf("the gate has decided %s after the start at the latest, and opens once all are healthy for %s", budget.Round(time.Second), s.Stable)})
}

// texts are the names of things. The list is never nil.
func texts[T any](all []T, name func(T) string) []string {
	out := []string{}
	for _, one := range all {
		out = append(out, name(one))
	}
	return out
}

// Ahead are the steps of a deployment or a rollback that have something to do, in their order.
func (p Plan) Ahead(o Observation, s Settings) []string {
	switches := !s.UntilPreview
	retires := switches && p.From != model.None && p.Keep != model.KeepRunning
	all := []struct {
		name string
		does bool
	}{
		{"pull", len(p.Pull) > 0},
		{"build", len(p.Build) > 0},
		{"up", !p.Waited},
		{"gate", p.Waited},
		{"checks", len(p.Checks) > 0},
		{"preview", !switches},
		{"canary", switches && p.Canaries()},
		{"switch", switches && o.Route.State != model.RouterAbsent},
		{"bake", switches && p.Bakes(s) && !p.Drill},
		{"drain", retires || p.Drill},
		{"retire", retires},
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

// Versions are what people call the images of each colour: those that its containers run, and of the release those that
// it is about to run.
func (p Plan) Versions(o Observation) map[model.Colour]string {
	versions := map[model.Colour]string{}
	for _, colour := range model.Colours {
		images := o.ImagesOf(colour)
		switch {
		case colour == p.Release.To && p.Drill: // it is a copy of the other one
			images = o.ImagesOf(p.From)
		case colour == p.Release.To:
			images = p.ReleaseImages()
		}
		if version := model.Version(images); version != "" {
			versions[colour] = version
		}
	}
	return versions
}

// ImagesOf are the references of the images that a colour's containers have, each once.
func (o Observation) ImagesOf(colour model.Colour) []string {
	var refs []string
	for _, c := range o.Of(colour) {
		refs = append(refs, c.Image)
	}
	return once(refs)
}

// once is a list with each text once. It is never nil.
func once(all []string) []string {
	out := []string{}
	for _, text := range all {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// LiveImages says for each service of the release what it runs now, and what it replaced. before are the containers of
// the other colour as they were before the switch.
func (p Plan) LiveImages(now Observation, before []model.Container) []report.LiveImage {
	images := []report.LiveImage{}
	for _, s := range p.Release.Model.Services {
		i := slices.IndexFunc(now.Containers, func(c model.Container) bool { return c.Colour == p.Release.To && c.Service == s.Name })
		if i < 0 {
			continue
		}
		live := report.LiveImage{Service: s.Name, Image: now.Containers[i].Image, Digest: now.Containers[i].Digest}
		for _, c := range before {
			if old, own := now.Application.Models[c.Colour].Service(c.Service); own && old.Key == s.Key && c.Colour != p.Release.To {
				live.Replaced = &report.ReplacedImage{Service: c.Service, Image: c.Image, Digest: c.Digest}
			}
		}
		images = append(images, live)
	}
	return images
}
