package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"bluegate/deploy"
	"bluegate/deploy/gate"
)

// live is the view on a terminal: the step, and below it a line per container that is written over in place.
type live struct {
	mu    sync.Mutex
	out   io.Writer
	width int
	drawn int // lines of the block that the cursor stands under
	began time.Time
}

// terminal says whether a live view can be drawn, and how wide.
func terminal(w io.Writer, getenv func(string) string) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) || getenv("TERM") == "dumb" || getenv("CI") != "" {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return width, err == nil && width >= 40
}

func newLive(out io.Writer, width int) *live {
	return &live{out: out, width: width, began: time.Now()}
}

var _ deploy.Progress = (*live)(nil)

func (l *live) Step(name string) { l.Say("%s", name) }

// Say leaves the block as it stands and goes on below it.
func (l *live) Say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drawn = 0
	fmt.Fprintln(l.out, l.fit(fmt.Sprintf("%6.1fs  %s", time.Since(l.began).Seconds(), fmt.Sprintf(format, args...))))
}

func (l *live) Gate(containers []gate.Progress, deadline time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	if l.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", l.drawn)
	}
	lines := make([]string, 0, len(containers)+1)
	for _, c := range containers {
		name, state := describe(c)
		elapsed := ""
		if !c.StartedAt.IsZero() {
			elapsed = fmt.Sprintf("  %.0fs", time.Since(c.StartedAt).Seconds())
		}
		if !c.Good && !c.Expected.IsZero() {
			elapsed += fmt.Sprintf(", decided within %.0fs", max(time.Until(c.Expected).Seconds(), 0))
		}
		lines = append(lines, fmt.Sprintf("         %-28s %s%s", name, state, elapsed))
	}
	if deadline.IsZero() {
		lines = append(lines, "         all are good; waiting whether they stay so")
	} else {
		lines = append(lines, fmt.Sprintf("         decided in %.0fs at the latest", max(time.Until(deadline).Seconds(), 0)))
	}
	for _, line := range lines {
		b.WriteString("\r\x1b[K" + l.fit(line) + "\n")
	}
	l.drawn = len(lines)
	_, _ = io.WriteString(l.out, b.String())
}

// fit cuts a line to the terminal's width: a wrapped one would be counted as one and draw over what is above.
func (l *live) fit(line string) string {
	if r := []rune(line); len(r) >= l.width {
		return string(r[:l.width-1])
	}
	return line
}
