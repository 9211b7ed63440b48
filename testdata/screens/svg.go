package main

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// The size of a cell, and the frame around them, in pixels.
const (
	cellWidth, cellHeight = 8.4, 18.0
	frame                 = 16.0
)

// sgr matches the sequences with which tmux says how text looks.
var sgr = regexp.MustCompile("\x1b\\[([0-9;]*)m|\x1b[()][A-Z0-9]|[\x0e\x0f]")

// palette are the colours of a dark terminal, by their numbers.
var palette = map[string]string{"31": "#f47067", "32": "#6bc46d", "33": "#c69026", "34": "#539bf5", "36": "#39c5cf"}

// style is how text looks.
type style struct {
	fill      string
	dim, bold bool
}

// apply takes the numbers of a sequence.
func (s style) apply(numbers string) style {
	for number := range strings.SplitSeq(numbers, ";") {
		switch {
		case number == "" || number == "0":
			s = style{}
		case number == "1":
			s.bold = true
		case number == "2":
			s.dim = true
		case number == "22":
			s.dim, s.bold = false, false
		case number == "39":
			s.fill = ""
		case palette[number] != "":
			s.fill = palette[number]
		}
	}
	return s
}

// attributes are those of a tspan.
func (s style) attributes() (text string) {
	if s.fill != "" {
		text += fmt.Sprintf(" fill=%q", s.fill)
	}
	if s.dim {
		text += ` opacity="0.6"`
	}
	if s.bold {
		text += ` font-weight="bold"`
	}
	return text
}

// svg draws a screen that tmux captured with its colours. Each run of text has its place, so that a font of another width
// does not move what follows it.
func svg(screen string, columns int) string {
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	width, height := 2*frame+cellWidth*float64(columns), 2*frame+cellHeight*float64(len(lines))
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\">\n", width, height, width, height)
	b.WriteString("<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1c2128\"/>\n<g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,monospace\" font-size=\"14\" fill=\"#cdd9e5\">\n")
	now := style{}
	for y, line := range lines {
		now = writeLine(&b, line, frame+cellHeight*(float64(y)+0.75), now)
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// writeLine draws a line, and returns the style at its end: tmux does not repeat it.
func writeLine(b *strings.Builder, line string, y float64, now style) style {
	x := 0
	write := func(text string) {
		for text != "" {
			gap := len(text) - len(strings.TrimLeft(text, " "))
			x, text = x+gap, text[gap:]
			words, rest, more := strings.Cut(text, "  ") // what is apart has a place of its own
			if words = strings.TrimRight(words, " "); words != "" {
				fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" textLength=\"%.1f\"%s>%s</text>\n", frame+cellWidth*float64(x), y, cellWidth*float64(len([]rune(words))), now.attributes(), html.EscapeString(words))
			}
			x += len([]rune(text)) - len([]rune(rest))
			if !more {
				break
			}
			text = rest
		}
	}
	for line != "" {
		at := sgr.FindStringSubmatchIndex(line)
		if at == nil {
			write(line)
			break
		}
		if at[0] > 0 {
			write(line[:at[0]])
		}
		if at[2] >= 0 {
			now = now.apply(line[at[2]:at[3]])
		}
		line = line[at[1]:]
	}
	return now
}
