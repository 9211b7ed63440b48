package ui

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// Screen shows a text that is replaced by the next one. On a terminal it is drawn from the top; elsewhere only what
// changed is written, below the text before.
type Screen struct {
	out  io.Writer
	size func() (columns, lines int, ok bool) // ok is false where there is no terminal
	last string
	used bool
}

// NewScreen returns a Screen on a writer, which may be a terminal.
func NewScreen(out io.Writer) *Screen {
	return &Screen{out: out, size: func() (int, int, bool) {
		f, isFile := out.(*os.File)
		if !isFile {
			return 0, 0, false
		}
		columns, lines, err := term.GetSize(int(f.Fd()))
		return columns, lines, err == nil
	}}
}

// Show shows a text, and below it on a terminal a last line. An error means that the reader is gone.
func (s *Screen) Show(text, last string) error {
	columns, lines, ok := s.size()
	if !ok {
		if s.used && text != s.last {
			text = "\n" + text
		}
		return s.Append(text)
	}
	rows := append(strings.Split(strings.TrimRight(text, "\n"), "\n"), "", last)
	if len(rows) > lines && lines > 1 {
		rows = append(rows[:lines-1], last)
	}
	var b strings.Builder
	if !s.used {
		b.WriteString("\x1b[2J")
	}
	s.used = true
	b.WriteString("\x1b[H")
	for i, row := range rows {
		if i > 0 {
			b.WriteString("\r\n")
		}
		fmt.Fprintf(&b, "%s\x1b[K", ansi.Truncate(row, columns, "…"))
	}
	b.WriteString("\x1b[J")
	_, err := io.WriteString(s.out, b.String())
	return err
}

// Append writes a text below the one before, if it differs.
func (s *Screen) Append(text string) error {
	if s.used && strings.TrimLeft(text, "\n") == s.last {
		return nil
	}
	s.used, s.last = true, strings.TrimLeft(text, "\n")
	_, err := io.WriteString(s.out, text)
	return err
}
