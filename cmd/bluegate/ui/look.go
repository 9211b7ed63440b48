package ui

import (
	"io"
	"os"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// Look is how text is shown to the one who reads it.
type Look struct {
	Terminal bool // people read it as it comes; otherwise it is a file, a pipe or a CI job
	Colour   bool // colours, and signs outside ASCII
	Width    int  // of the window, in columns; 0: not limited
}

// LookOf returns how a writer is to be written to. NO_COLOR and noColour take away the colours and every sign outside
// ASCII that is ours.
func LookOf(w io.Writer, getenv func(string) string, noColour bool) Look {
	f, isFile := file(w)
	if !isFile || !term.IsTerminal(int(f.Fd())) || getenv("TERM") == "dumb" || getenv("CI") != "" {
		return Look{}
	}
	look := Look{Terminal: true}
	look.Width, _, _ = term.GetSize(int(f.Fd()))
	var environ []string
	for _, name := range []string{"TERM", "NO_COLOR", "COLORTERM", "CLICOLOR", "CLICOLOR_FORCE"} {
		if value := getenv(name); value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	look.Colour = !noColour && getenv("NO_COLOR") == "" && colorprofile.Detect(f, environ) >= colorprofile.ANSI
	return look
}

// file returns the file below a writer.
func file(w io.Writer) (*os.File, bool) {
	if t, ok := w.(*Terminal); ok {
		return t.File, true
	}
	f, ok := w.(*os.File)
	return f, ok
}

// sign is a mark at the head of a line, and what stands for it in ASCII.
type sign struct{ text, ascii, colour string }

// The 16 colours that every terminal with colours has, and that its user chose.
const (
	red, green, yellow, blue, cyan = "1", "2", "3", "4", "6"
)

var (
	signDone    = sign{"✓", "+", green}
	signFailed  = sign{"✗", "x", red}
	signWarning = sign{"!", "!", yellow}
	signRunning = sign{"●", "*", cyan}
	signPending = sign{"○", "-", ""}
	signHalf    = sign{"◐", "~", yellow}
	arrow       = sign{"→", "->", ""}
	bullet      = sign{"·", "-", ""}
	quoteBar    = sign{"│", "|", ""}
)

func (l Look) sign(s sign) string {
	if !l.Colour {
		return s.ascii
	}
	return l.in(s.colour, s.text)
}

// in returns text in a colour.
func (l Look) in(colour, text string) string {
	if !l.Colour || colour == "" {
		return text
	}
	return lipgloss.NewStyle().Foreground(lipgloss.Color(colour)).Render(text)
}

func (l Look) dim(text string) string {
	if !l.Colour || text == "" {
		return text
	}
	return lipgloss.NewStyle().Faint(true).Render(text)
}

func (l Look) bold(text string) string {
	if !l.Colour {
		return text
	}
	return lipgloss.NewStyle().Bold(true).Render(text)
}

// cut shortens a line to columns, with a mark where it was cut. Text that is not ours may have wide characters.
func (l Look) cut(line string, columns int) string {
	tail := "…"
	if !l.Colour {
		tail = "..."
	}
	return ansi.Truncate(line, max(columns, 0), tail)
}

// wrap breaks a text at spaces, so that it fits the window next to an indent. Names, paths and commands stay whole, so
// that they can be copied. Elsewhere lines are as long as they are.
func (l Look) wrap(text string, indent int) string {
	if l.Width == 0 {
		return text
	}
	room := max(min(l.Width-1, widestText)-indent, 20)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = wrapLine(line, room)
	}
	return strings.Join(lines, "\n")
}

// widestText is the width from which text is not spread over a wider window: longer lines are hard to read.
const widestText = 120

func wrapLine(line string, room int) string {
	var b strings.Builder
	used := 0
	for i, word := range strings.Split(line, " ") {
		width := ansi.StringWidth(word)
		switch {
		case i == 0:
		case used+1+width > room && used > 0:
			b.WriteString("\n")
			used = 0
		default:
			b.WriteString(" ")
			used++
		}
		b.WriteString(word)
		used += width
	}
	return b.String()
}

// shortRight is the longest text at the end of a line for which the beginning is cut.
const shortRight = 7

// spread puts right at the end of a line that begins with left. Where both do not fit, left is cut if right is short, as
// a time is; otherwise right is left away.
func (l Look) spread(left, right string, columns int) string {
	width := ansi.StringWidth(right)
	free := columns - ansi.StringWidth(left) - width
	switch {
	case right == "", free < 2 && width > shortRight:
		return left
	case free < 2:
		left = l.cut(left, columns-width-2)
		free = columns - ansi.StringWidth(left) - width
	}
	return left + spaces(free) + right
}

// telling shortens what a program said to columns: the end of "a: b: c" says most.
func telling(text string, columns int) string {
	for ansi.StringWidth(text) > columns {
		_, rest, more := strings.Cut(text, ": ")
		if !more {
			break
		}
		text = rest
	}
	return text
}

// pad fills text with spaces up to a width.
func pad(text string, width int) string { return text + spaces(width-ansi.StringWidth(text)) }
