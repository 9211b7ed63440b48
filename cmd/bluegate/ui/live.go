package ui

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// The pauses of the live view: the first picture comes after firstDraw, so that what is quick does not flicker. Then it
// is drawn when something changed, at most once per frame, and each second, because its clocks move.
const (
	firstDraw = 250 * time.Millisecond
	frame     = 100 * time.Millisecond
)

// liveProgress draws a view of the whole run on a terminal, in place.
//
// The cursor rests on an empty line above the view, at its first column. A terminal that breaks lines anew when its
// window is resized keeps the cursor on its line, so everything below the cursor is the view, whatever became of it, and
// is drawn again. Nothing is hidden or switched off between two pictures: a process that is killed leaves the terminal
// as it was.
type liveProgress struct {
	mu      sync.Mutex
	out     io.Writer
	look    Look
	size    func() (columns, lines int)
	remains bool // the last picture stays

	state    liveState
	messages []string // not written yet
	changed  bool
	drawn    time.Time
	left     bool
}

var _ model.Progress = (*liveProgress)(nil)

// newLiveProgress draws until ctx ends or leave is called. The window's size is asked for at each picture; resized asks
// for one at once.
func newLiveProgress(ctx context.Context, out io.Writer, look Look, size func() (columns, lines int), resized <-chan struct{}) *liveProgress {
	l := &liveProgress{out: out, look: look, size: size, state: liveState{began: time.Now()}}
	go l.keepDrawing(ctx, resized)
	return l
}

func (l *liveProgress) keepDrawing(ctx context.Context, resized <-chan struct{}) {
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for {
		at := false
		select {
		case <-ctx.Done():
			return
		case <-resized:
			at = true
		case <-ticker.C:
		}
		if !l.drawIfDue(at) {
			return
		}
	}
}

// drawIfDue draws if something changed, or at once. It returns false when the view is over.
func (l *liveProgress) drawIfDue(atOnce bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	switch {
	case l.left:
		return false
	case now.Sub(l.state.began) < firstDraw && len(l.messages) == 0:
	case atOnce, l.changed, now.Sub(l.drawn) >= time.Second:
		l.draw(now)
	}
	return true
}

// draw writes one picture; the mutex is held. Lines do not wrap while it is written: a character that the terminal shows
// wider than expected is cut off.
func (l *liveProgress) draw(now time.Time) {
	l.changed, l.drawn = false, now
	columns, rows := l.size()
	var b strings.Builder
	b.WriteString("\x1b[?2026h\r\x1b[K")
	l.writeMessages(&b)
	lines := l.state.lines(l.look, columns, rows-1, now)
	b.WriteString("\x1b[?7l")
	for _, line := range lines {
		b.WriteString("\r\n" + line + "\x1b[K")
	}
	b.WriteString("\x1b[J")
	if len(lines) > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", len(lines))
	}
	b.WriteString("\r\x1b[?7h\x1b[?2026l")
	_, _ = io.WriteString(l.out, b.String())
}

// writeMessages writes what is to stay, above the view.
func (l *liveProgress) writeMessages(b *strings.Builder) {
	if len(l.messages) == 0 {
		return
	}
	b.WriteString("\x1b[J")
	for _, text := range l.messages {
		b.WriteString(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n")
	}
	l.messages = nil
}

// leave ends the view, and puts the cursor where the next output belongs.
func (l *liveProgress) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left {
		return
	}
	l.left = true
	if l.drawn.IsZero() && len(l.messages) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString("\r\x1b[K\x1b[J")
	l.writeMessages(&b)
	if l.remains {
		columns, rows := l.size()
		now := time.Now()
		if l.state.phase != nil {
			l.state.enter(&phase{}, now)
		}
		for _, line := range l.state.final(l.look, columns, rows-1, now) {
			b.WriteString(line + "\r\n")
		}
	}
	_, _ = io.WriteString(l.out, b.String())
}

// change notes what was told.
func (l *liveProgress) change(note func(now time.Time)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	note(time.Now())
	l.changed = true
}

func (l *liveProgress) About(o model.Overview) { l.change(func(time.Time) { l.state.about = o }) }
func (l *liveProgress) Step(name string) {
	l.change(func(now time.Time) { l.state.begin(name, now) })
}
func (l *liveProgress) Gate(v gate.Verdict) {
	l.change(func(now time.Time) { l.state.judge(v, now) })
}
func (l *liveProgress) Transfer(t model.Transfer) {
	l.change(func(now time.Time) { l.state.transfer(t, now) })
}
func (l *liveProgress) Draining(left model.DrainStatus, until time.Time) {
	l.change(func(time.Time) { l.state.drain, l.state.drainEnds = left, until })
}

// Say writes a message above the view. After the view, it is a line like any other.
func (l *liveProgress) Say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if l.left {
		fmt.Fprintf(l.out, "%s\n", text)
		return
	}
	l.messages, l.changed = append(l.messages, text), true
}
