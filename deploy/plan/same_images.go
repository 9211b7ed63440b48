package plan

import (
	"fmt"
	"slices"

	"bluegate/deploy/model"
)

// SameImages says that the release brings no new image: of every service it has the image that the live colour runs.
// Then only what the Compose files say can differ. It is a finding, and refuses nothing.
func (p Plan) SameImages(o Observation) []model.Finding {
	live := o.Application.Models[p.From]
	for _, s := range p.Release.Model.Services {
		img, _ := model.ImageOf(p.Images, s.Name)
		i := slices.IndexFunc(live.Services, func(old model.Service) bool { return old.Key == s.Key })
		if img.ID == "" || i < 0 || !runsOnly(o.Of(p.From), live.Services[i].Name, img.ID) {
			return nil
		}
	}
	if p.From == model.None || len(p.Release.Model.Services) == 0 {
		return nil
	}
	return []model.Finding{{Code: "same-images", Message: fmt.Sprintf("the release has the same images as %s, which is live: only what the Compose files say can differ", p.From)}}
}

// runsOnly says that a service has containers, and all of them have the image.
func runsOnly(containers []model.Container, service, image string) bool {
	some := false
	for _, c := range containers {
		if c.Service != service {
			continue
		}
		if some = true; c.Digest != image {
			return false
		}
	}
	return some
}
