package ui

import (
	"fmt"
	"slices"
	"strings"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/model"
)

// group is something that doctor found, at one place or at several.
type group struct {
	model.Finding
	places []string
	times  int // it was found
	blocks bool
}

// groups are what a report found: what blocks first, then what costs something, then the rest. What is the same for both
// colours is one.
func groups(reasons []model.Reason, findings []model.Finding) []*group {
	var all []*group
	byText := map[string]*group{}
	add := func(f model.Finding, blocks bool) {
		key := colourless(f.Code + "\n" + f.Message + "\n" + f.Cost + "\n" + f.Remedy)
		g := byText[key]
		if g == nil {
			g = &group{Finding: f, blocks: blocks}
			byText[key], all = g, append(all, g)
		}
		g.times++
		if f.Place != "" && !slices.Contains(g.places, f.Place) {
			g.places = append(g.places, f.Place)
		}
	}
	for _, r := range reasons {
		add(model.Finding{Code: string(r.Code), Message: strings.TrimPrefix(r.String(), string(r.Code)+": ")}, true)
	}
	for _, f := range findings {
		add(f, false)
	}
	slices.SortStableFunc(all, func(a, b *group) int { return a.rank() - b.rank() })
	return all
}

func (g *group) rank() int {
	switch {
	case g.blocks:
		return 0
	case g.Cost != "":
		return 1
	}
	return 2
}

// colourless is a text in which the colours have the same name.
func colourless(text string) string {
	return strings.NewReplacer("blue", "{colour}", "green", "{colour}").Replace(text)
}

// doctor writes what blocks a deployment and what costs requests or time, each in two lines or three; or one of them in
// full.
func (t *text) doctor() {
	r := t.r
	all := groups(r.Reasons, r.Findings)
	if t.Explain > 0 {
		t.explain(all)
		return
	}
	blocking, costly := 0, 0
	for _, g := range all {
		switch g.rank() {
		case 0:
			blocking++
		case 1:
			costly++
		}
	}
	t.head(t.diagnosis(blocking, costly), t.projectAside())
	if len(r.Reasons) == 0 && r.Outcome != model.OK {
		t.item("", r.Message)
	}
	for i, g := range all {
		if t.Verbose {
			t.full(i+1, g)
			continue
		}
		t.brief(i+1, g)
	}
	if len(all) > 0 && !t.Verbose {
		t.item("", t.Dim("in full: bluegate doctor --explain N, or --verbose"))
	}
}

func (t *text) diagnosis(blocking, costly int) string {
	costs := ""
	if costly > 0 {
		costs = fmt.Sprintf("; %s requests or time", verb(count(costly, "thing"), costly, "costs", "cost"))
	}
	if t.r.Outcome == model.OK {
		return "nothing blocks a deployment" + costs
	}
	return fmt.Sprintf("a deployment cannot start: %s%s; %s", verb(count(max(blocking, 1), "thing"), max(blocking, 1), "blocks it", "block it"), costs, liveNow(t.r))
}

func verb(subject string, n int, one, many string) string {
	if n == 1 {
		return subject + " " + one
	}
	return subject + " " + many
}

// number is how many columns a number takes.
const numberWidth = 3

// brief writes a group in a few lines: what it is and where, what it costs, and how its remedy begins.
func (t *text) brief(n int, g *group) {
	mark := []style.Sign{style.SignFailed, style.SignWarning, style.Bullet}[g.rank()]
	message := style.FirstLine(g.Message)
	if message != g.Message {
		message = strings.TrimSuffix(message, ":") + " " + t.more()
	}
	t.line("%*d %s %s", numberWidth, n, t.Sign(mark), style.Indent(t.Wrap(message+t.at(g), numberWidth+3), style.Spaces(numberWidth+3)))
	if g.Cost != "" {
		t.line("%s%s", style.Spaces(numberWidth+3), style.Indent(t.Wrap(t.Dim("costs: "+style.FirstLine(g.Cost)), numberWidth+3), style.Spaces(numberWidth+3)))
	}
	if g.Remedy != "" {
		remedy, more := strings.TrimSpace(style.FirstLine(g.Remedy)), ""
		if strings.Contains(strings.TrimSpace(g.Remedy), "\n") {
			more = " " + t.more()
		}
		t.line("%sremedy: %s%s", style.Spaces(numberWidth+3), remedy, more)
	}
}

func (t *text) more() string {
	if t.Colour {
		return "…"
	}
	return "..."
}

// at says where a group was found: at one place, or at how many.
func (t *text) at(g *group) string {
	switch len(g.places) {
	case 0:
		if g.times > 1 {
			return t.Dim(fmt.Sprintf(" (and %d more of the same)", g.times-1))
		}
		return ""
	case 1:
		return "  " + t.Dim(g.places[0])
	}
	return "  " + t.Dim(fmt.Sprintf("%s and %d more", g.places[0], len(g.places)-1))
}

// full writes a group with every line and every place.
func (t *text) full(n int, g *group) {
	t.line("%*d %s%s", numberWidth, n, g.Code, style.Prefixed(": ", strings.Join(g.places, ", ")))
	t.line("  %s", style.Indent(g.Message, "  "))
	if g.Cost != "" {
		t.line("  costs: %s", style.Indent(g.Cost, "  "))
	}
	if g.Remedy != "" {
		t.line("  remedy:\n    %s", style.Indent(g.Remedy, "    "))
	}
}

// explain writes one group in full.
func (t *text) explain(all []*group) {
	if t.Explain > len(all) {
		t.head(fmt.Sprintf("there is no number %d: doctor found %s", t.Explain, count(len(all), "thing")), "")
		return
	}
	t.full(t.Explain, all[t.Explain-1])
}
