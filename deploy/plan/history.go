package plan

import (
	"slices"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// AsRun describes a colour's release by its containers.
func (o Observation) AsRun(colour model.Colour) model.ReleaseRecord {
	rec := model.ReleaseRecord{Colour: colour, Model: o.Application.Models[colour].AsRun(o.Of(colour))}
	for _, c := range o.Of(colour) {
		if _, own := rec.Model.Service(c.Service); own {
			rec.Release = c.Release
			rec.Kept = append(rec.Kept, model.RetainedContainer{Service: c.Service, Name: c.Name, ID: c.ID, Image: c.Image, Digest: c.Digest, Policy: c.RestartPol})
		}
	}
	return rec
}

// Record describes a colour by its containers: as the release that it was made live as, or, if someone else started or
// changed it, as one that is adopted under a new id. One-shots have done their work and are not kept.
func (o Observation) Record(colour model.Colour, id string) model.ReleaseRecord {
	rec, now := o.known(colour, id), o.AsRun(colour)
	rec.Model, rec.Kept, rec.Instead = now.Model, now.Kept, ""
	return rec
}

// known is the journal's record of the release that a colour's containers are of, or a new one.
func (o Observation) known(colour model.Colour, id string) model.ReleaseRecord {
	containers, label := o.Of(colour), ""
	for _, c := range containers {
		label = c.Release
	}
	if slices.ContainsFunc(containers, func(c model.Container) bool { return c.Release != label }) {
		label = "" // someone recreated some of them
	}
	for _, rec := range o.Journal.Releases {
		again := rec.Kept != nil && !slices.ContainsFunc(containers, func(c model.Container) bool { return !rec.Owns(c) })
		if rec.Colour == colour && (label != "" && rec.Release == label || again) {
			return rec
		}
	}
	if label != "" { // its journal was lost
		return model.ReleaseRecord{Release: label, Colour: colour}
	}
	return model.ReleaseRecord{Release: id, Colour: colour, Adopted: true}
}

// HistoryImages are the images of the plan's release, for the history: those that went live, those of a release that comes
// back, or else those that the plan says. pulled says that the engine has those that the plan says; before, a tag may name
// an older image.
func (p Plan) HistoryImages(live []report.LiveImage, pulled bool) []model.HistoryImage {
	images := []model.HistoryImage{}
	for _, img := range live {
		images = append(images, model.HistoryImage{Service: img.Service, Image: img.Image, Digest: img.Digest})
	}
	if back := p.Release.Back; back != nil && len(images) == 0 {
		for _, k := range back.Kept {
			images = append(images, model.HistoryImage{Service: k.Service, Image: k.Image, Digest: k.Digest})
		}
	}
	if len(images) > 0 {
		return images
	}
	for _, s := range p.Release.Model.Services {
		img := model.HistoryImage{Service: s.Name, Image: s.Image}
		if known, ok := model.ImageOf(p.Images, s.Name); ok && (pulled || p.Waited) {
			img.Digest = known.ID
		}
		images = append(images, img)
	}
	return images
}

// HistoryImages are the images of a release's containers, for the history, each once.
func (o Observation) HistoryImages(of model.Release) []model.HistoryImage {
	images := []model.HistoryImage{}
	for _, c := range o.Of(of.To) {
		img := model.HistoryImage{Service: c.Service, Image: c.Image, Digest: c.Digest}
		if label := of.Label(); (label == "" || c.Release == label) && !slices.Contains(images, img) {
			images = append(images, img)
		}
	}
	return images
}

// HistoryRecord is what the history says of the plan's release, however it ended.
func (p Plan) HistoryRecord(o Observation, s Settings) model.HistoryRecord {
	rec := model.HistoryRecord{Release: p.Release.ID, From: p.From, To: p.Release.To, Set: s.Set, Reasons: []model.Reason{}, Images: []model.HistoryImage{}}
	if back := p.Release.Back; back != nil {
		rec.Set = back.Set
	}
	if p.Waited && o.Journal.Current != nil {
		rec.Set = o.Journal.Current.Set
	}
	return rec
}
