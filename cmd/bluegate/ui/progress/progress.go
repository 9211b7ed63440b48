// Package progress shows what a command does while it runs: a live view on a terminal, lines, or one JSON object for each
// event.
package progress

import (
	"context"
	"io"
	"time"

	"golang.org/x/term"

	"bluegate/cmd/bluegate/ui/style"
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

// New returns the progress that fits w. In mode auto that is a live view on a terminal, and lines elsewhere.
func New(ctx context.Context, w io.Writer, getenv func(string) string, o Options) model.Progress {
	switch o.Mode {
	case NoLines:
		return Quiet{}
	case JSON:
		return newJSONProgress(ctx, w, heartbeat)
	case Plain:
		return newPlainProgress(ctx, w, heartbeat)
	}
	look := style.LookOf(w, getenv, o.NoColour)
	f, isFile := style.FileOf(w)
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
