package model

import "time"

// CanaryStep is a change after which a share of the clients gets the new colour, and how long it is kept.
type CanaryStep struct {
	Weight int // percent
	For    time.Duration
	Change
}

// CanaryShare is the share of the clients that a colour has which is not the live one.
type CanaryShare struct {
	Colour Colour `json:"colour"`
	Weight int    `json:"weight"` // percent
}
