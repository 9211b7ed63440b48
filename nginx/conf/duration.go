package conf

import (
	"regexp"
	"strconv"
	"time"
)

// spanParts matches one part of a time in nginx's configuration: 1m30s, 500ms, and 75, which is seconds.
var spanParts = regexp.MustCompile(`^\s*(\d+)(ms|[smhdwMy]?)`)

var spanUnits = map[string]time.Duration{
	"ms": time.Millisecond, "": time.Second, "s": time.Second, "m": time.Minute, "h": time.Hour,
	"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "M": 30 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
}

// ParseDuration reads a time as nginx writes it; ok is false for a variable and for what nginx would reject.
func ParseDuration(text string) (span time.Duration, ok bool) {
	for text != "" {
		m := spanParts.FindStringSubmatch(text)
		if m == nil {
			return 0, false
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, false
		}
		span += time.Duration(n) * spanUnits[m[2]]
		text, ok = text[len(m[0]):], true
	}
	return span, ok
}
