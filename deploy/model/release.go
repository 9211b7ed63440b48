package model

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// Release is one attempt to make a colour live.
type Release struct {
	ID    string
	To    Colour
	Model Model
	// Back is set where a release that had retired comes back. Its containers may carry no label: with Back, all of the
	// colour's are the release's.
	Back *ReleaseRecord
}

// Label is what marks the release's containers; empty: all of the colour's are its own.
func (r Release) Label() string {
	if r.Back != nil {
		return ""
	}
	return r.ID
}

// Again is the release of a record that comes back.
func (rec ReleaseRecord) Again() Release {
	return Release{ID: rec.Release, To: rec.Colour, Model: rec.Model, Back: &rec}
}

// NewReleaseID sorts by time and is short enough to be read aloud: 20261120T114500-7f3a.
func NewReleaseID(now time.Time) string {
	var salt [2]byte
	_, _ = rand.Read(salt[:]) // never fails (crypto/rand, since Go 1.24)
	return now.UTC().Format("20060102T150405") + "-" + hex.EncodeToString(salt[:])
}

// Own are those of these containers that are the release's.
func (r Release) Own(containers []Container) (own []Container) {
	for _, c := range containers {
		if c.Colour == r.To && (r.Back != nil || c.Release == r.ID) {
			own = append(own, c)
		}
	}
	return own
}
