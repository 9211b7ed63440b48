package deploy

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
}

// NewReleaseID sorts by time and is short enough to be read aloud: 20261120T114500-7f3a.
func NewReleaseID(now time.Time) string {
	var salt [2]byte
	_, _ = rand.Read(salt[:]) // never fails (crypto/rand, since Go 1.24)
	return now.UTC().Format("20060102T150405") + "-" + hex.EncodeToString(salt[:])
}
