package watch

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// NewID is unique, and sorts by time.
func NewID(now time.Time) string {
	var salt [4]byte
	_, _ = rand.Read(salt[:]) // never fails (crypto/rand, since Go 1.24)
	return now.UTC().Format("20060102T150405.000000") + "-" + hex.EncodeToString(salt[:])
}
