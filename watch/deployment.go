package watch

import (
	"time"

	"bluegate/deploy/model"
)

// Deployment is a deployment or a rollback that ended.
type Deployment struct {
	ID      string        `json:"id"`      // unique, and sorts by time
	Release string        `json:"release"` // a rollback has the release that came back; empty: it ended before it had one
	Command string        `json:"command"` // deploy or rollback
	From    model.Colour  `json:"from"`
	To      model.Colour  `json:"to"`
	Began   time.Time     `json:"began,omitzero"` // zero: not known
	At      time.Time     `json:"at"`             // when it ended
	Outcome model.Outcome `json:"outcome"`
	By      string        `json:"by,omitempty"` // user@host
	Images  []Image       `json:"images"`
	Steps   []Step        `json:"steps"`
	Reasons []string      `json:"reasons"` // without secrets
}

// Image is an image that a service ran.
type Image struct {
	Service string `json:"service"`
	Ref     string `json:"ref"`
	Digest  string `json:"digest"`
}

// Step is one step of a deployment.
type Step struct {
	Name   string        `json:"name"`
	Status string        `json:"status"` // ok, failed, skipped
	Took   time.Duration `json:"took"`
}
