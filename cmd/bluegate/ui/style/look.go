// Package style knows how text looks where it is read: colours, signs, widths, and the words for times, sizes and steps.
package style

import (
	"io"
	"os"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"bluegate/deploy/model"
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
	f, isFile := FileOf(w)
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

// FileOf returns the file below a writer.
func FileOf(w io.Writer) (*os.File, bool) {
	if t, ok := w.(interface{ Underlying() *os.File }); ok {
		return t.Underlying(), true
	}
	f, ok := w.(*os.File)
	return f, ok
}

// Sign is a mark at the head of a line, and what stands for it in ASCII.
type Sign struct{ Text, ASCII, Colour string }

// The 16 colours that every terminal with colours has, and that its user chose.
const (
	Red, Green, Yellow, blue, Cyan = "1", "2", "3", "4", "6"
)

var (
	SignDone    = Sign{"✓", "+", Green}
	SignFailed  = Sign{"✗", "x", Red}
	SignWarning = Sign{"!", "!", Yellow}
	SignRunning = Sign{"●", "*", Cyan}
	SignPending = Sign{"○", "-", ""}
	SignHalf    = Sign{"◐", "~", Yellow}
	Arrow       = Sign{"→", "->", ""}
	Bullet      = Sign{"·", "-", ""}
	QuoteBar    = Sign{"│", "|", ""}
)

func (l Look) Sign(s Sign) string {
	if !l.Colour {
		return s.ASCII
	}
	return l.In(s.Colour, s.Text)
}

// In returns text in a colour.
func (l Look) In(colour, text string) string {
	if !l.Colour || colour == "" {
		return text
	}
	return lipgloss.NewStyle().Foreground(lipgloss.Color(colour)).Render(text)
}

func (l Look) Dim(text string) string {
	if !l.Colour || text == "" {
		return text
	}
	return lipgloss.NewStyle().Faint(true).Render(text)
}

func (l Look) Bold(text string) string {
	if !l.Colour {
		return text
	}
	return lipgloss.NewStyle().Bold(true).Render(text)
}

// Cut shortens a line to columns, with a mark where it was cut. Text that is not ours may have wide characters.
func (l Look) Cut(line string, columns int) string {
	tail := "…"
	if !l.Colour {
		tail = "..."
	}
	return ansi.Truncate(line, max(columns, 0), tail)
}

// Wrap breaks a text at spaces, so that it fits the window next to an indent. Names, paths and commands stay whole, so
// that they can be copied. Elsewhere lines are as long as they are.
func (l Look) Wrap(text string, indent int) string {
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

// Spread puts right at the end of a line that begins with left. Where both do not fit, left is cut if right is short, as
// a time is; otherwise right is left away.
func (l Look) Spread(left, right string, columns int) string {
	width := ansi.StringWidth(right)
	free := columns - ansi.StringWidth(left) - width
	switch {
	case right == "", free < 2 && width > shortRight:
		return left
	case free < 2:
		left = l.Cut(left, columns-width-2)
		free = columns - ansi.StringWidth(left) - width
	}
	return left + Spaces(free) + right
}

// Telling shortens what a program said to columns: the end of "a: b: c" says most.
func Telling(text string, columns int) string {
	for ansi.StringWidth(text) > columns {
		_, rest, more := strings.Cut(text, ": ")
		if !more {
			break
		}
		text = rest
	}
	return text
}

// Pad fills text with spaces up to a width.
func Pad(text string, width int) string { return text + Spaces(width-ansi.StringWidth(text)) }

// ColourName is the name of a colour in it.
func (l Look) ColourName(c model.Colour) string {
	return l.In(map[model.Colour]string{model.Blue: blue, model.Green: Green}[c], string(c))
}

// WidestView is the width from which the view does not grow: what is at the end of a line is to be seen together with
// its beginning.
const WidestView = 100
