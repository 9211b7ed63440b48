package report

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
