package strict

import (
	"fmt"

	"github.com/xrash/smetrics"
)

// Suggest returns " (did you mean …?)" with the known word that is closest to text, or "" if none is close.
func Suggest(text string, known []string) string {
	best, least := "", len(text)/3+2
	for _, word := range known {
		if distance := smetrics.WagnerFischer(text, word, 1, 1, 1); distance < least {
			best, least = word, distance
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}
