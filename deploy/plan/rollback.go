package plan

import (
	"fmt"
	"slices"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// ChooseBack begins the Plan of a rollback to the release that was live before.
func ChooseBack(o Observation, s Settings) (Plan, error) {
	p := Plan{From: o.Live.Colour, First: o.First(), Keep: s.Keep}
	if len(o.Journal.Releases) > 1 {
		p.Release = o.Journal.Releases[1].Again()
		if set := p.Release.Back.Set; len(set) > 0 {
			p.find(setForOne("release "+p.Release.ID, set))
		}
	}
	_, err := o.RollbackTarget()
	return p, err
}

// RollbackTarget is the release that a rollback goes back to. An error says why there is none.
func (o Observation) RollbackTarget() (model.ReleaseRecord, error) {
	live, records := o.Live.Colour, o.Journal.Releases
	var why error
	switch {
	case live == model.None && o.Route.State == model.RouterStopped:
		why = &model.UnreachableError{What: "nginx", Err: fmt.Errorf("%s does not run, so that it is not known what users are on; start it, then roll back", o.Route.Nginx)}
	case live == model.None:
		why = model.Invalid("no colour is known to be live (%s), so there is nothing to go back from; `bluegate deploy` makes one live", o.Live.By)
	case len(records) > 0 && records[0].Colour != live:
		why = model.Invalid("%s is live, though bluegate made %s live last (release %s): someone switched nginx by hand, and what was live before that is not known; deploy a new release with `bluegate deploy`", live, records[0].Colour, records[0].Release)
	case len(records) > 0 && records[0].Instead != "":
		why = model.Invalid("%s is live because release %s was rolled back to %s at %s, and a rollback is not rolled back; deploy a new release with `bluegate deploy`, which brings a new release up on %s",
			live, records[0].Instead, records[0].Release, records[0].At.UTC().Format(time.RFC3339), live.Other())
	case len(records) < 2:
		why = model.Invalid("there is nothing to go back to: no release was live before this one of %s, as far as bluegate knows", live)
	case records[1].Colour == live || len(records[1].Kept) == 0:
		why = model.Invalid("there is nothing to go back to: of release %s, which was live before, nothing was kept", records[1].Release)
	default:
		return records[1], nil
	}
	return model.ReleaseRecord{}, why
}

// Retained says what the engine has of the containers of a release, of which containers are there and what of it is held
// no more.
func Retained(back model.ReleaseRecord, containers []model.Container, missing []model.RetainedContainer) []report.KeptContainer {
	kept := []report.KeptContainer{}
	for _, k := range back.Kept {
		state := report.KeptHeld
		if slices.Contains(missing, k) {
			state = report.KeptGone
		}
		for _, c := range containers {
			switch {
			case c.Colour != back.Colour || c.Name != k.Name || !back.Owns(c):
			case c.Running:
				state = report.KeptRunning
			default:
				state = report.KeptStopped
			}
		}
		kept = append(kept, report.KeptContainer{Service: k.Service, Name: k.Name, Image: k.Image, Digest: k.Digest, State: state})
	}
	return kept
}

// NotRestorable says which container of a release can neither be started nor be made again.
func NotRestorable(release string, kept []report.KeptContainer) error {
	for _, k := range kept {
		if k.State == report.KeptGone {
			return model.Invalid("release %s cannot come back: its container %s was removed, and so was the copy that bluegate kept of it (someone removed both; `docker container prune` and `docker system prune` do, since neither runs); deploy that version again", release, k.Name)
		}
	}
	return nil
}

// planRetained starts what was kept of the release, and creates again what is gone.
func (p *Plan) planRetained(o Observation, _ Settings) error {
	back := *p.Release.Back
	for _, c := range o.Of(back.Colour) {
		if !back.Owns(c) {
			p.Replace = append(p.Replace, Container{c, "it is not of release " + back.Release})
		}
	}
	there := o.Of(back.Colour)
	for _, k := range back.Kept {
		i := slices.IndexFunc(there, func(c model.Container) bool { return c.Name == k.Name && back.Owns(c) })
		switch {
		case i < 0:
			p.Create = append(p.Create, Action{fmt.Sprintf("%s of image %.19s", k.Name, k.Digest), "its container is gone, and what it was made of is held"})
		case !there[i].Running:
			p.Start = append(p.Start, Container{there[i], "it was kept"})
		}
	}
	return NotRestorable(back.Release, o.Retained)
}

// WayBack is what a rollback would go back to, and what the engine has of it.
func WayBack(back model.ReleaseRecord, retained []report.KeptContainer) *report.RollbackTarget {
	way := &report.RollbackTarget{Release: back.Release, Colour: back.Colour, Set: back.Set, Containers: retained}
	if !back.At.IsZero() {
		way.At = &back.At
	}
	if err := NotRestorable(back.Release, retained); err != nil {
		way.Refused = err.Error()
	}
	return way
}

// NoWayBack is a rollback that would be refused.
func NoWayBack(why error) *report.RollbackTarget {
	return &report.RollbackTarget{Refused: why.Error(), Containers: []report.KeptContainer{}}
}

// StillLive refuses a rollback that is to leave a release which is not the live one any more: it was decided before the lock
// was taken. leaving is empty where any release may be left.
func StillLive(j model.Journal, leaving string) error {
	if leaving == "" || len(j.Releases) > 0 && j.Releases[0].Release == leaving {
		return nil
	}
	return model.Invalid("release %s is not live any more: someone else made another one live, and nothing is rolled back", leaving)
}

// StillRetiring says that a deployment left only a retirement: nginx serves its release, and the old colour still runs.
func (o Observation) StillRetiring(e *model.Entry) bool {
	return e.Phase == model.PhaseSwitched && e.Back == nil && o.Served() == e.To && o.Runs(e.From)
}
