package progress

import (
	"io"
	"os"
	"sync"
)

// Terminal is a file that may be a terminal on which a live view is drawn. Whatever else is written to it comes after
// the view, which is then over.
type Terminal struct {
	File *os.File
	mu   sync.Mutex
	live *liveProgress
}

// Underlying is the file.
func (t *Terminal) Underlying() *os.File { return t.File }

// Write ends the live view, and writes.
func (t *Terminal) Write(p []byte) (int, error) {
	t.Leave()
	return t.File.Write(p)
}

// Leave ends the live view, if there is one. It can be repeated.
func (t *Terminal) Leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live != nil {
		t.live.leave()
		t.live = nil
	}
}

// Leave ends the live view that is drawn on a writer, if there is one.
func Leave(w io.Writer) {
	if t, ok := w.(*Terminal); ok {
		t.Leave()
	}
}

// show takes over a live view that is drawn on the file.
func (t *Terminal) show(l *liveProgress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.live = l
}
