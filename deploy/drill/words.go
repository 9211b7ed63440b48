package drill

import (
	"fmt"
	"strings"

	"bluegate/deploy/report"
)

// Sentence says in a few words what a drill lost.
func Sentence(d *report.Drill) string {
	if d.Lost == 0 {
		return fmt.Sprintf("0 of %d requests were lost in %d switches", d.Requests, len(d.Switches))
	}
	var parts []string
	for _, k := range d.Kinds {
		if k.Lost > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", k.Lost, k.Kind))
		}
	}
	text := fmt.Sprintf("%d of %d requests were lost in %d switches (%s)", d.Lost, d.Requests, len(d.Switches), strings.Join(parts, ", "))
	switch d.Announced {
	case 0:
		return text
	case d.Lost:
		return text + ", as doctor announces"
	}
	return fmt.Sprintf("%s, %d of them as doctor announces", text, d.Announced)
}

// Badge is a small picture of what a drill lost, as SVG, for a README or a page.
func Badge(d *report.Drill) []byte {
	const label = "lost at a switch"
	value, colour := fmt.Sprintf("%d of %d", d.Lost, d.Requests), "#2e7d32"
	switch {
	case d.Lost > 0 && d.Lost == d.Announced:
		colour = "#9a6700"
	case d.Lost > 0:
		colour = "#b3261e"
	}
	left, right := width(label), width(value)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="20" role="img" aria-label="%s: %s">`, left+right, label, value)
	fmt.Fprintf(&b, `<title>%s: %s requests, %d switches</title>`, label, value, len(d.Switches))
	fmt.Fprintf(&b, `<rect width="%d" height="20" fill="#444"/><rect x="%d" width="%d" height="20" fill="%s"/>`, left, left, right, colour)
	b.WriteString(`<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">`)
	fmt.Fprintf(&b, `<text x="%d" y="14" textLength="%d">%s</text><text x="%d" y="14" textLength="%d">%s</text></g></svg>`+"\n", left/2, left-14, label, left+right/2, right-14, value)
	return []byte(b.String())
}

// width is how wide a text of a badge is, in pixels. textLength fits what a font makes of it.
func width(text string) int { return 14 + 7*len(text) }
