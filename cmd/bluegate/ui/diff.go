package ui

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/aymanbagabas/go-udiff"
)

var hunk = regexp.MustCompile(`(?m)^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@$`)

// diff is the unified diff of a text. The library numbers the lines of the new text wrongly after a hunk that joins
// several edits, so the hunks are numbered again.
func diff(name, before, after string) string {
	moved := 0
	return hunk.ReplaceAllStringFunc(udiff.Unified(name, name, before, after), func(head string) string {
		m := hunk.FindStringSubmatch(head)
		from, _ := strconv.Atoi(m[1])
		old, now := hunkLines(m[2]), hunkLines(m[3])
		to := from + moved
		moved += now - old
		return fmt.Sprintf("@@ -%d,%d +%d,%d @@", from, old, to, now)
	})
}

// hunkLines is the number of lines of a hunk; none is written where there is one.
func hunkLines(text string) int {
	if text == "" {
		return 1
	}
	n, _ := strconv.Atoi(text)
	return n
}
