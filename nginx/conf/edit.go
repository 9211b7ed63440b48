package conf

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// An Edit replaces the bytes from Start up to End, which must be Old, by New.
type Edit struct {
	Start, End int
	Old, New   string
}

// Apply returns src with all edits made, in whichever order they are given. It makes all of them or none: an edit that
// is out of range, overlaps another or does not find its Old is an error which names the place. src is not changed.
func Apply(src []byte, edits []Edit) ([]byte, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	out := make([]byte, 0, len(src))
	done := 0
	for i, e := range sorted {
		if e.Start < 0 || e.End < e.Start || e.End > len(src) {
			return nil, fmt.Errorf("edit of bytes %d to %d: out of range, the file has %d", e.Start, e.End, len(src))
		}
		// Two insertions at one place have no order of their own, so they overlap too.
		if e.Start < done || i > 0 && e.Start == sorted[i-1].Start {
			return nil, fmt.Errorf("edit at %s: overlaps another edit", place(src, e.Start))
		}
		if found := string(src[e.Start:e.End]); found != e.Old {
			return nil, fmt.Errorf("edit at %s: found %q, expected %q", place(src, e.Start), found, e.Old)
		}
		out = append(out, src[done:e.Start]...)
		out = append(out, e.New...)
		done = e.End
	}
	return append(out, src[done:]...), nil
}

func place(src []byte, offset int) string {
	before := src[:offset]
	line := bytes.Count(before, []byte{'\n'}) + 1
	col := offset - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("line %d, column %d", line, col)
}
