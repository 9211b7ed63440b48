package deploy

import (
	"slices"
	"strings"
	"testing"
)

// The whole way of a deployment. What is done, in its order, is the test: the lines are every call that changes
// anything, on the engine, at nginx, or in the journal.

// done compares what was done with a text of one line per call.
func done(t *testing.T, w *world, want string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(want) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if !slices.Equal(w.lines, lines) {
		t.Errorf("what was done:\n%s\n\nwant:\n%s", strings.Join(w.lines, "\n"), strings.Join(lines, "\n"))
	}
}

func TestPromoted(t *testing.T) {
	story(t, "the idle colour", func(t *testing.T, w *world) {
		r := w.process().deploy()
		t.Log(r.Message)
		done(t, w, `
			x`)
	})
}
