package deploy

import (
	"slices"
	"time"

	"bluegate/deploy/model"
)

// recordOfOld describes the old colour by its containers: as the release that it was made live as, or, if someone else
// started or changed it, as one that is adopted. One-shots have done their work and are not kept.
func (r *run) recordOfOld(old []model.Container) model.ReleaseRecord {
	now := r.recordAsRun(r.plan.From)
	rec := r.recordOf(r.plan.From, old)
	rec.Model, rec.Kept = now.Model, now.Kept
	return rec
}

// recordOf is the record of the release that containers are of, or a new one.
func (r *run) recordOf(colour model.Colour, containers []model.Container) model.ReleaseRecord {
	label := ""
	for _, c := range containers {
		label = c.Release
	}
	if slices.ContainsFunc(containers, func(c model.Container) bool { return c.Release != label }) {
		label = "" // someone recreated some of them
	}
	for _, known := range r.journal.Releases {
		again := known.Kept != nil && !slices.ContainsFunc(containers, func(c model.Container) bool { return !known.Owns(c) })
		if known.Colour == colour && (label != "" && known.Release == label || again) {
			return known
		}
	}
	if label != "" { // its journal was lost
		return model.ReleaseRecord{Release: label, Colour: colour}
	}
	return model.ReleaseRecord{Release: model.NewReleaseID(time.Now()), Colour: colour, Adopted: true}
}
