// Package ui writes what people and CI read: the progress of a command as a live view, lines or JSON, and its report as
// text, JSON and Markdown. Only this package knows terminals.
package ui

import (
	"context"
	"io"
	"time"

	"golang.org/x/term"

	"bluegate/deploy/model"
)

// heartbeat is the longest time without a line in the plain progress.
const heartbeat = 20 * time.Second

// Mode is how progress is shown.
type Mode string

// The modes of --progress.
const (
	Auto    Mode = "auto"  // a live view on a terminal, lines elsewhere
	Plain   Mode = "plain" // lines
	JSON    Mode = "json"  // one object for each event
	NoLines Mode = "quiet" // nothing
)

// Modes are those that a user can choose.
var Modes = []string{string(Auto), string(Plain), string(JSON), string(NoLines)}

// Options are how the progress of one command is shown.
type Options struct {
	Mode     Mode
	NoColour bool
	// Remains says that the report does not go to the same terminal: the last state of the view then stays on it.
	Remains bool
}

// NewProgress returns the progress that fits w. In mode auto that is a live view on a terminal, and lines elsewhere.
func NewProgress(ctx context.Context, w io.Writer, getenv func(string) string, o Options) model.Progress {
	switch o.Mode {
	case NoLines:
		return Quiet{}
	case JSON:
		return newJSONProgress(ctx, w, heartbeat)
	case Plain:
		return newPlainProgress(ctx, w, heartbeat)
	}
	look := LookOf(w, getenv, o.NoColour)
	f, isFile := file(w)
	if !isFile || !look.Terminal {
		return newPlainProgress(ctx, w, heartbeat)
	}
	size := func() (columns, lines int) {
		columns, lines, _ = term.GetSize(int(f.Fd()))
		return columns, lines
	}
	if columns, lines := size(); columns < 40 || lines < 8 {
		return newPlainProgress(ctx, w, heartbeat)
	}
	resized := make(chan struct{}, 1)
	notifyResize(ctx, resized)
	live := newLiveProgress(ctx, f, look, size, resized)
	live.remains = o.Remains
	if t, ok := w.(*Terminal); ok {
		t.show(live)
	}
	return live
}
