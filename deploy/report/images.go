package report

import "fmt"

// LiveImage is what a release runs of a service, and what it took the place of.
type LiveImage struct {
	Service  string         `json:"service"`
	Image    string         `json:"image"`
	Digest   string         `json:"digest"`
	Replaced *ReplacedImage `json:"replaced"` // null: no colour was live before, or it had no such service
}

// String says which image a service runs, and which one it took the place of.
func (i LiveImage) String() string {
	text := fmt.Sprintf("%s runs %s (%.19s)", i.Service, i.Image, i.Digest)
	switch old := i.Replaced; {
	case old == nil:
		return text
	case old.Digest == i.Digest:
		return text + ", the same as " + old.Service
	default:
		return fmt.Sprintf("%s; %s ran %s (%.19s)", text, old.Service, old.Image, old.Digest)
	}
}

// ReplacedImage is what the colour that was live before ran of a service.
type ReplacedImage struct {
	Service string `json:"service"`
	Image   string `json:"image"`
	Digest  string `json:"digest"`
}
