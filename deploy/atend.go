package deploy

import (
	"context"
	"slices"
	"time"
)

// LiveImage is what a release runs of a service, and what it took the place of.
type LiveImage struct {
	Service  string         `json:"service"`
	Image    string         `json:"image"`
	Digest   string         `json:"digest"`
	Replaced *ReplacedImage `json:"replaced"` // null: no colour was live before, or it had no such service
}

// ReplacedImage is what the colour that was live before ran of a service.
type ReplacedImage struct {
	Service string `json:"service"`
	Image   string `json:"image"`
	Digest  string `json:"digest"`
}

// endLimit bounds the last look at the engine, which decides nothing.
const endLimit = 10 * time.Second

// atEnd lists the containers as they are now that the run is over, and the images that went live. What was observed when
// the run began is not true any more: where the engine cannot be asked, nothing is listed.
func (r *run) atEnd(ctx context.Context) {
	if !r.held { // nothing can have changed
		return
	}
	before := r.of(r.report.From)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
	defer cancel()
	now, err := r.Stack.Containers(ctx, r.app)
	r.containers, r.report.Containers = now, append([]Container{}, now...)
	if err != nil {
		r.containers, r.report.Containers = nil, []Container{}
		r.note(Finding{Code: "not-listed", Message: "the engine could not be asked which containers are there at the end, so that none is listed: " + err.Error()})
		return
	}
	if r.switched && r.report.Live == r.release.To {
		r.report.Images = r.liveImages(before)
	}
}

// liveImages pairs each service of the release with the one whose place it took.
func (r *run) liveImages(before []Container) []LiveImage {
	images := []LiveImage{}
	for _, s := range r.release.Model.Services {
		i := slices.IndexFunc(r.containers, func(c Container) bool { return c.Colour == r.release.To && c.Service == s.Name })
		if i < 0 {
			continue
		}
		live := LiveImage{Service: s.Name, Image: r.containers[i].Image, Digest: r.containers[i].Digest}
		for _, c := range before {
			if old, own := r.app.Models[c.Colour].Service(c.Service); own && old.Key == s.Key && c.Colour != r.release.To {
				live.Replaced = &ReplacedImage{Service: c.Service, Image: c.Image, Digest: c.Digest}
			}
		}
		images = append(images, live)
	}
	return images
}
