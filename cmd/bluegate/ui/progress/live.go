package progress

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// The pauses of the live view: the first picture comes after firstDraw, so that what is quick does not flicker. Then it
// is drawn when something changed, at most once per frame, and each second, because its clocks move.
const (
	firstDraw = 250 * time.Millisecond
	frame     = 100 * time.Millisecond
)

// liveProgress draws a view of the whole run on a terminal.
//
// A command that only looks, and what comes before a release is known, is one line, which is drawn in place. The view of
// a release is drawn on the terminal's other screen, as pagers and editors do it: a terminal breaks the lines of its
// normal screen anew when its window is resized, and pushes some into its history, where they cannot be drawn over.
// Messages, and what remains, are written to the normal screen when the view is over.
type liveProgress struct {
	mu      sync.Mutex
	out     io.Writer
	look    style.Look
	size    func() (columns, lines int)
	remains bool // the last picture stays

	state   liveState
	changed bool
	drawn   time.Time
	other   bool // the other screen is shown
	left    bool
}

var _ model.Progress = (*liveProgress)(nil)

// newLiveProgress draws until ctx ends or leave is called. The window's size is asked for at each picture; resized asks
// for one at once.
func newLiveProgress(ctx context.Context, out io.Writer, look style.Look, size func() (columns, lines int), resized <-chan struct{}) *liveProgress {
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
	case now.Sub(l.state.began) < firstDraw:
	case atOnce, l.changed, now.Sub(l.drawn) >= time.Second:
		l.draw(now)
	}
	return true
}

// draw writes one picture; the mutex is held.
func (l *liveProgress) draw(now time.Time) {
	l.changed, l.drawn = false, now
	columns, rows := l.size()
	var b strings.Builder
	b.WriteString(syncBegin)
	if !l.state.whole() {
		b.WriteString("\r" + clearBelow + l.state.oneLine(l.look, columns, now) + "\r")
	} else {
		l.drawWhole(&b, columns, rows, now)
	}
	b.WriteString(syncEnd)
	_, _ = io.WriteString(l.out, b.String())
}

// The sequences for a terminal. A terminal that does not know the first two ignores them: they keep it from showing half
// a picture.
const (
	syncBegin, syncEnd      = "\x1b[?2026h", "\x1b[?2026l"
	otherScreen, thisScreen = "\x1b[?1049h", "\x1b[?1049l"
	wrapOff, wrapOn         = "\x1b[?7l", "\x1b[?7h"
	home                    = "\x1b[H"
	clearRight, clearBelow  = "\x1b[K", "\x1b[J"
)

// drawWhole draws over the whole of the other screen. Lines do not wrap meanwhile: a character that the terminal shows
// wider than expected is cut off.
func (l *liveProgress) drawWhole(b *strings.Builder, columns, rows int, now time.Time) {
	if !l.other {
		b.WriteString("\r" + clearBelow + otherScreen)
		l.other = true
	}
	b.WriteString(wrapOff + home)
	for _, line := range l.state.lines(l.look, columns, rows-1, now) {
		b.WriteString(line + clearRight + "\r\n")
	}
	b.WriteString(clearBelow + wrapOn)
}

// leave ends the view, and puts the cursor where the next output belongs.
func (l *liveProgress) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left {
		return
	}
	l.left = true
	var b strings.Builder
	if l.other {
		b.WriteString(home + clearBelow + thisScreen) // tmux would push what is wider than it was before into its history
	}
	if !l.drawn.IsZero() {
		b.WriteString("\r" + clearBelow)
	}
	for _, text := range l.state.messages {
		b.WriteString(text + "\n")
	}
	if l.remains && l.other {
		l.writeRest(&b)
	}
	_, _ = io.WriteString(l.out, b.String())
}

// writeRest writes what remains of the view.
func (l *liveProgress) writeRest(b *strings.Builder) {
	columns, rows := l.size()
	now := time.Now()
	l.state.enter(&phase{}, now)
	for _, line := range l.state.final(l.look, columns, rows-1, now) {
		b.WriteString(line + "\n")
	}
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

// Say shows a message in the view, and writes it when the view is over. After that, it is a line like any other.
func (l *liveProgress) Say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if l.left {
		fmt.Fprintf(l.out, "%s\n", text)
		return
	}
	l.state.messages, l.changed = append(l.state.messages, text), true
}
