package report

import (
	"time"

	"bluegate/deploy/model"
)

// Preview is the release that waits to be promoted.
type Preview struct {
	Release string       `json:"release"`
	Colour  model.Colour `json:"colour"`
	Since   time.Time    `json:"since"`
	Until   time.Time    `json:"until"`
	By      string       `json:"by,omitempty"`  // user@host
	Set     []string     `json:"set,omitempty"` // variables that were given to its deployment alone
	Images  []string     `json:"images"`
	// Testers get it through nginx, by the secret in a header or a cookie.
	Testers *model.Testers `json:"testers,omitempty"`
}

// NewPreview describes the release of an entry that waits; nil: none does.
func NewPreview(e *model.Entry) *Preview {
	if !e.Waits() {
		return nil
	}
	p := &Preview{Release: e.Release, Colour: e.To, Since: e.Preview.Since, Until: e.Preview.Until, By: e.By, Set: e.Set, Images: []string{}, Testers: e.Preview.Testers}
	for _, s := range e.Preview.Passed.Model.Services {
		p.Images = append(p.Images, s.Image)
	}
	return p
}
