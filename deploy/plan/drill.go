package plan

import (
	"cmp"
	"fmt"
	"slices"

	"bluegate/deploy/model"
)

// ChooseDrill begins the Plan of a drill: the idle colour becomes live with the images that the live one runs, and the live
// colour continues to run.
func ChooseDrill(o Observation, s Settings, release string) (Plan, error) {
	s.To = model.None
	p, err := Choose(o, s, release)
	p.Drill, p.Keep = true, model.KeepRunning
	switch {
	case err != nil:
		return p, err
	case o.Route.Refusal != nil:
		return p, o.Route.Refusal
	case p.From == model.None || o.Route.State != model.RouterRunning:
		return p, model.Invalid("no colour is live (%s), so there is nothing to switch from; `bluegate deploy` makes one live", o.Live.By)
	}
	return p, nil
}

// Copy is the model of a colour with the images that the containers of the other one run: what its own Compose file names
// is not looked at. One-shots that both colours share have done their work for the live one, and are not run again. A
// *RefusedError says which service has no image to copy.
func (o Observation) Copy(from, to model.Colour) (model.Model, error) {
	m := o.Application.Models[to].Without(func(s model.Service) bool { return s.OneShot && s.Shared })
	for i, s := range m.Services {
		digest, err := o.runs(s, from)
		if err != nil {
			return m, err
		}
		s.Image, s.Pinned, s.Build, s.PullPolicy = digest, true, false, model.PolicyNever
		m.Services[i] = s
	}
	for _, s := range o.Application.Models[from].Services {
		same := func(other model.Service) bool { return other.Key == s.Key }
		if !s.OneShot && !slices.ContainsFunc(m.Services, same) {
			return m, model.Refuse(model.CannotCopy, "%s has the service %s, and %s has none in its place, so it cannot serve the same", from, s.Name, to)
		}
	}
	return m, nil
}

// runs is the id of the image that the live colour runs of a service. A one-shot may be gone: then it is the image of
// another of its services that names the same one.
func (o Observation) runs(s model.Service, live model.Colour) (digest string, err error) {
	twin := slices.IndexFunc(o.Application.Models[live].Services, func(other model.Service) bool { return other.Key == s.Key })
	if twin < 0 {
		return "", model.Refuse(model.CannotCopy, "%s has no service in the place of %s, so it is not known which image that would run", live, s.Name)
	}
	own := o.Application.Models[live].Services[twin]
	found := o.digests(live, func(c model.Container) bool { return c.Service == own.Name })
	if len(found) == 0 && s.OneShot {
		found = o.digests(live, func(c model.Container) bool { return c.Image == own.Image })
	}
	switch {
	case len(found) == 0:
		return "", model.Refuse(model.CannotCopy, "no container of %s, which is live, tells which image %s would run; deploy once, so that one does", own.Name, s.Name)
	case len(found) > 1:
		return "", model.Refuse(model.CannotCopy, "the containers of %s run %d different images, so there is none that a copy would run; deploy once, so that they run the same", own.Name, len(found))
	}
	return found[0], nil
}

// digests are the ids of the images that containers of a colour run, each once.
func (o Observation) digests(colour model.Colour, of func(model.Container) bool) (ids []string) {
	for _, c := range o.Of(colour) {
		if of(c) && c.Digest != "" && !slices.Contains(ids, c.Digest) {
			ids = append(ids, c.Digest)
		}
	}
	return ids
}

// planDrill takes containers of the images of the live colour in the place of what is kept of the idle one. It refuses to
// if rollback could not go back to that afterwards.
func (p *Plan) planDrill(o Observation, s Settings) error {
	if err := p.losesRollback(o); err != nil {
		return err
	}
	for _, service := range p.Release.Model.Services {
		if img, _ := model.ImageOf(p.Images, service.Name); img.ID == "" {
			return model.Refuse(model.CannotCopy, "the image %.19s, which %s runs of %s, is not on this engine any more", service.Image, p.From, service.Plain())
		}
		p.Create = append(p.Create, Action{fmt.Sprintf("%d × %s of image %.19s", service.Replicas, service.Name, service.Image), "it is what " + string(p.From) + " runs"})
	}
	for _, c := range o.Of(p.Release.To) {
		p.Replace = append(p.Replace, Container{c, "it is kept for a rollback, and what it is made of is held"})
	}
	return p.refuseUnjudgeable(s, func(img model.Image) bool { return img.ID != "" })
}

// losesRollback refuses a drill that would remove what nothing else holds. Retained are the containers of the release that
// rollback goes back to, as if none of them were there.
func (p *Plan) losesRollback(o Observation) error {
	to := p.Release.To
	back, err := o.RollbackTarget()
	for _, c := range o.Of(to) {
		own, _ := o.Application.Models[to].Service(c.Service)
		switch {
		case c.InUse() && err == nil && back.Owns(c):
			return model.Refuse(model.WouldLoseRollback, "%s runs (old.keep: running), and a drill would take its place: a rollback would have to start it first; stop it (docker stop %s), then run the drill", c.Name, c.Name)
		case c.InUse():
			return model.Refuse(model.WouldLoseRollback, "%s runs, and was not kept by bluegate, so that a drill would remove it for good; stop and remove it if nobody needs it (docker rm -f %s)", c.Name, c.Name)
		case own.OneShot || err == nil && back.Owns(c):
		default:
			return model.Refuse(model.WouldLoseRollback, "%s is not of the release that rollback goes back to (%s), and nothing holds what it is made of, so that a drill would remove it for good; remove it if nobody needs it (docker rm %s), or deploy once", c.Name, cmp.Or(back.Release, "none"), c.Name)
		}
	}
	if err != nil {
		return nil // there is nothing to lose
	}
	if gone := NotRestorable(back.Release, o.Retained); gone != nil && len(o.Of(to)) > 0 {
		return model.Refuse(model.WouldLoseRollback, "%s is only in its stopped containers, which a drill replaces: %v", back.Release, gone)
	}
	return nil
}
