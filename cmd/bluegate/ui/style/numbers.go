package style

import (
	"fmt"
	"strings"
	"time"
)

func Spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// Clock is a time that passes, as 0:12 or 1:05:03.
func Clock(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Took is a time that has passed: 0.4s, 14.9s, 2m03s.
func Took(d time.Duration) string {
	switch {
	case d < 50*time.Millisecond:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute-50*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return Shortly(d)
}

// Shortly is a time in whole seconds: 24s, 2m03s, 1h05m.
func Shortly(d time.Duration) string {
	s := int(max(d, 0).Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600 && s%60 == 0:
		return fmt.Sprintf("%dm", s/60)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
}

// sizes are the units in which bytes are counted.
var sizes = []struct {
	size int64
	name string
}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}, {1, "B"}}

// Size is a number of bytes with its unit; several numbers have that of the last one, and stand before slashes.
func Size(bytes ...int64) string {
	last := bytes[len(bytes)-1]
	unit := sizes[len(sizes)-1]
	for _, u := range sizes {
		if last >= u.size {
			unit = u
			break
		}
	}
	texts := make([]string, len(bytes))
	for i, n := range bytes {
		texts[i] = fmt.Sprintf("%.0f", float64(n)/float64(unit.size))
		if unit.name == "GB" {
			texts[i] = fmt.Sprintf("%.1f", float64(n)/float64(unit.size))
		}
	}
	return strings.Join(texts, "/") + " " + unit.name
}

// Bar is a part of a whole, drawn in columns: eighths of a column in Unicode, whole ones in ASCII.
func (l Look) Bar(done, total int64, columns int) string {
	part := 0.0
	if total > 0 {
		part = min(max(float64(done)/float64(total), 0), 1)
	}
	if !l.Colour {
		full := int(part * float64(columns))
		return "[" + strings.Repeat("#", full) + Spaces(columns-full) + "]"
	}
	eighths := int(part * float64(columns) * 8)
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return "▕" + l.In(Cyan, Pad(text, columns)) + "▏"
}
