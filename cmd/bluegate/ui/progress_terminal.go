package ui

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// terminalProgress shows the step and, below it, a line per container that is redrawn in place at each change and each
// second.
type terminalProgress struct {
	mu      sync.Mutex
	out     io.Writer
	width   int
	height  int
	began   time.Time
	step    string
	drawn   int // lines of the block above the cursor
	verdict gate.Verdict
}

// terminalSize returns the size of the terminal, or false if progress cannot be drawn on it.
func terminalSize(w io.Writer, getenv func(string) string) (width, height int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) || getenv("TERM") == "dumb" || getenv("CI") != "" {
		return 0, 0, false
	}
	width, height, err := term.GetSize(int(f.Fd()))
	return width, height, err == nil && width >= 40 && height >= 8
}

func newTerminalProgress(ctx context.Context, out io.Writer, width, height int) *terminalProgress {
	l := &terminalProgress{out: out, width: width, height: height, began: time.Now()}
	go l.tick(ctx)
	return l
}

var _ model.Progress = (*terminalProgress)(nil)

// tick redraws the elapsed times each second.
func (l *terminalProgress) tick(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		l.mu.Lock()
		if l.drawn > 0 && l.verdict.Decision == gate.Waiting {
			l.draw()
		}
		l.mu.Unlock()
	}
}

func (l *terminalProgress) Step(name string) {
	l.mu.Lock()
	l.step = name
	l.mu.Unlock()
	l.Say("%s", name)
}

// Say writes a line below the block and continues below it.
func (l *terminalProgress) Say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drawn = 0
	fmt.Fprintf(l.out, "%6.1fs  %s\n", time.Since(l.began).Seconds(), fmt.Sprintf(format, args...))
}

func (l *terminalProgress) Gate(v gate.Verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.verdict = v
	l.draw()
}

// draw must be called with the lock held.
func (l *terminalProgress) draw() {
	var b strings.Builder
	if l.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", l.drawn)
	}
	shown := l.shown()
	lines := make([]string, 0, len(shown)+2)
	for _, c := range shown {
		name, state := describe(c)
		lines = append(lines, fmt.Sprintf("         %-28s %s%s", name, state, times(c)))
	}
	if more := len(l.verdict.Progress) - len(shown); more > 0 {
		lines = append(lines, fmt.Sprintf("         and %d more", more))
	}
	lines = append(lines, "         "+outlook(l.step, l.verdict, time.Now()))
	for _, line := range lines {
		b.WriteString("\r\x1b[K" + l.fit(line) + "\n")
	}
	l.drawn = len(lines)
	_, _ = io.WriteString(l.out, b.String())
}

// shown returns the containers to draw: as many as fit on the screen, the ones that are not good first. A line that has
// scrolled off the screen cannot be redrawn.
func (l *terminalProgress) shown() []gate.Progress {
	room := max(l.height-4, 1)
	if len(l.verdict.Progress) <= room {
		return l.verdict.Progress
	}
	shown := slices.Clone(l.verdict.Progress)
	slices.SortStableFunc(shown, func(a, b gate.Progress) int {
		switch {
		case a.Good == b.Good:
			return 0
		case a.Good:
			return 1
		}
		return -1
	})
	return shown[:room]
}

// times returns the elapsed and the expected time of a container.
func times(c gate.Progress) string {
	if c.StartedAt.IsZero() {
		return ""
	}
	text := fmt.Sprintf("  %.0fs", max(time.Since(c.StartedAt).Seconds(), 0))
	if !c.Good && !c.Expected.IsZero() {
		text += fmt.Sprintf(", decided within %.0fs", max(time.Until(c.Expected).Seconds(), 0))
	}
	return text
}

// fit cuts a line to the width of the terminal: a wrapped line would break the redraw.
func (l *terminalProgress) fit(line string) string {
	if r := []rune(line); len(r) >= l.width {
		return string(r[:l.width-1])
	}
	return line
}
