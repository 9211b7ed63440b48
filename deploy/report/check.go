package report

import (
	"bluegate/deploy/check"
	"bluegate/deploy/model"
)

// Check is what came of a check at one point of the way.
type Check struct {
	Check     string         `json:"check"`
	During    string         `json:"during"` // checks, bake, health
	Colour    model.Colour   `json:"colour"`
	From      check.Origin   `json:"from"`
	Container string         `json:"container,omitempty"`
	Status    string         `json:"status"` // ok, failed
	Asked     int            `json:"asked"`
	Passed    int            `json:"passed"`
	MS        *check.Summary `json:"ms"` // of the answers that came
	Message   string         `json:"message,omitempty"`
}
