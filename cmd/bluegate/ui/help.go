package ui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"bluegate/cmd/bluegate/ui/style"
)

// HelpPage is the help of the program or of a command.
type HelpPage struct {
	Usage    string // the command line
	About    string // what it does
	Examples []Example
	Lists    []HelpList
	More     string // at the end
}

// Example is a command line, and what it is for.
type Example struct{ Command, For string }

// HelpList is a list of flags or of commands.
type HelpList struct {
	Title string
	Items []HelpItem
}

// HelpItem is a flag or a command, and what it means.
type HelpItem struct{ Name, Text string }

// helpWidth is the width of help that is not read in a window.
const helpWidth = 100

// widestName is the widest name next to which there is a text; the text of a longer one begins below it.
const widestName = 30

// HelpText lays a page out for a window.
func HelpText(p HelpPage, l style.Look) string {
	if l.Width == 0 || l.Width > helpWidth {
		l.Width = helpWidth
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %s\n", l.Bold(p.Usage), style.Indent(l.Wrap(p.About, 2), "  "))
	if len(p.Examples) > 0 {
		b.WriteString("\n")
		var items []HelpItem
		for _, e := range p.Examples {
			items = append(items, HelpItem{"$ " + e.Command, "# " + e.For})
		}
		writeItems(&b, items, l, 100)
	}
	for _, list := range p.Lists {
		if len(list.Items) > 0 {
			fmt.Fprintf(&b, "\n%s:\n", list.Title)
			writeItems(&b, list.Items, l, widestName)
		}
	}
	if p.More != "" {
		fmt.Fprintf(&b, "\n%s\n", wrapped(strings.TrimSpace(p.More), l))
	}
	return b.String()
}

// wrapped is a text that has its lines already, with each of them broken in a narrow window.
func wrapped(text string, l style.Look) string {
	if l.Width >= helpWidth {
		return text
	}
	lines := strings.Split(text, "\n")
	for n, line := range lines {
		indent := ""
		if strings.HasPrefix(line, " ") {
			indent = style.Spaces(6)
		}
		lines[n] = style.Indent(l.Wrap(line, len(indent)), indent)
	}
	return strings.Join(lines, "\n")
}

// writeItems writes names and texts in two columns.
func writeItems(b *strings.Builder, items []HelpItem, l style.Look, widest int) {
	column := 0
	for _, item := range items {
		if width := ansi.StringWidth(item.Name); width <= widest {
			column = max(column, width)
		}
	}
	if column > l.Width/2 && l.Width < helpWidth { // no room for a second column
		column = 4
	}
	for _, item := range items {
		text := style.Indent(l.Wrap(item.Text, column+4), style.Spaces(column+4))
		if ansi.StringWidth(item.Name) > column {
			fmt.Fprintf(b, "  %s\n%s%s\n", item.Name, style.Spaces(column+4), text)
			continue
		}
		fmt.Fprintf(b, "  %s  %s\n", style.Pad(item.Name, column), text)
	}
}
