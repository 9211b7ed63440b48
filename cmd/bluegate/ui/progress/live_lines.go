package progress

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// final are the lines that stay: the phases that are over, and who serves users.
func (s *liveState) final(l style.Look, columns, rows int, now time.Time) []string {
	width := min(columns-1, style.WidestView)
	s.stopped = false // it is over
	lines := append([]string{l.Spread(s.header(l), l.Dim(style.Clock(now.Sub(s.began))), width)}, s.doneLines(l, width, rows-2)...)
	for i, line := range lines {
		lines[i] = l.Cut(line, columns-1)
	}
	return lines
}

// oneLine says what is done, for a run of which nothing more is known.
func (s *liveState) oneLine(l style.Look, columns int, now time.Time) string {
	text := " " + l.Sign(style.SignRunning) + " " + style.PrefixedBy(l.Bold(s.about.Project), ": ")
	if s.phase != nil {
		text += style.Words(s.step, s.about)
	}
	if n := len(s.messages); n > 0 {
		text += l.Dim(", " + style.FirstLine(s.messages[n-1]))
	}
	return l.Spread(l.Cut(text, columns-8), l.Dim(style.Clock(now.Sub(s.began))), min(columns-1, ansi.StringWidth(text)+7))
}

// lines are the view in a window of columns and rows: no line is wider, and there are not more of them.
func (s *liveState) lines(l style.Look, columns, rows int, now time.Time) []string {
	width := min(columns-1, style.WidestView)
	head := []string{l.Spread(s.header(l), l.Dim(style.Clock(now.Sub(s.began))), width), ""}
	running, below := s.running(l, width, now)
	foot := append(s.foot(l, width), s.news(l, rows)...)
	if len(head)+1+len(foot) > rows { // no room for anything else
		head, foot = head[:1], foot[:min(1, len(foot))]
	}
	room := max(rows-len(head)-1-len(foot), 0)
	keep := min(len(s.done), 1) // one line for what is done
	below = within(l, below, max(room-keep, min(room, 1)))
	done := s.doneLines(l, width, room-len(below))
	all := slices.Concat(head, done, []string{running}, below, foot)
	for i, line := range all {
		all[i] = l.Cut(line, columns-1)
	}
	return all[:min(len(all), max(rows, 0))]
}

// header says what is done to what: shop   v4 → v5   blue is live, preparing green.
func (s *liveState) header(l style.Look) string {
	o := s.about
	parts := []string{l.Bold(o.Project)}
	if o.Project == "" {
		parts[0] = l.Bold("bluegate")
	}
	if from, to := o.Versions[o.From], o.Versions[o.To]; to != "" {
		if from != "" {
			to = from + " " + l.Sign(style.Arrow) + " " + to
		}
		parts = append(parts, l.Bold(to))
	}
	switch {
	case s.stopped:
		parts = append(parts, "undoing")
	case s.served():
		parts = append(parts, l.ColourName(o.Live)+" is live")
	case o.Live != model.None && o.To != model.None:
		parts = append(parts, l.ColourName(o.Live)+" is live, preparing "+l.ColourName(o.To))
	case o.Live != model.None:
		parts = append(parts, l.ColourName(o.Live)+" is live")
	case o.To != model.None:
		parts = append(parts, "starting "+l.ColourName(o.To))
	}
	return " " + strings.Join(parts, "   ")
}

// nameWidth is the width of the names of the phases.
const nameWidth = 11

// doneLines are the phases that are over. Where not all of them fit, the earlier ones share a line.
func (s *liveState) doneLines(l style.Look, width, room int) []string {
	var lines []string
	for _, d := range s.done {
		mark := style.SignDone
		if d.failed {
			mark = style.SignFailed
		}
		name := d.past
		if d.failed {
			name = d.name
		}
		lines = append(lines, l.Spread(" "+l.Sign(mark)+" "+style.Pad(name, nameWidth)+"  "+l.Dim(d.detail), l.Dim(style.Took(d.took)), width))
	}
	if len(lines) <= room {
		return lines
	}
	if room <= 0 {
		return nil
	}
	earlier := s.done[:len(lines)-room+1]
	var names []string
	total := time.Duration(0)
	for _, d := range earlier {
		names, total = append(names, d.past), total+d.took
	}
	return append([]string{l.Spread(" "+l.Sign(style.SignDone)+" "+strings.Join(names, ", "), l.Dim(style.Took(total)), width)}, lines[len(earlier):]...)
}

// running is the line of the phase that runs, and what is shown below it.
func (s *liveState) running(l style.Look, width int, now time.Time) (line string, below []string) {
	if s.phase == nil {
		return " " + l.Sign(style.SignRunning) + " beginning", nil
	}
	detail, right := "", style.Clock(now.Sub(s.since))
	switch s.phase {
	case inChecking, inHooks:
		detail = style.Words(s.step, s.about)
	case inPulling, inBuilding:
		if detail, below = s.bringing(l, width); width < style.WidestView { // how far it is says more than its time
			right = ""
		}
	case inStarting, inWatching, inBaking:
		detail, below = s.starting(now), s.containers(l, width, now)
		if o := outlook(s.step, s.verdict, now); o != "" && !allGood(s.verdict) {
			right = o
		}
	case inAsking, inSwitching, inStopping:
		detail = style.Words(s.step, s.about)
	case inDraining:
		detail, right, below = s.draining(l, now)
	case inUndo:
		detail, below = strings.TrimPrefix(style.Words(s.step, s.about), "undoing: "), s.containers(l, width, now)
	}
	return l.Spread(" "+l.Sign(style.SignRunning)+" "+style.Pad(s.phase.name, nameWidth)+"  "+detail, l.Dim(right), width), below
}

func (s *liveState) starting(now time.Time) string {
	good, all := s.good()
	switch o := outlook(s.step, s.verdict, now); {
	case all == 0:
		return style.Words(s.step, s.about)
	case good == all && o != "":
		return o
	case good == all:
		return "all healthy"
	}
	return fmt.Sprintf("%d of %d healthy", good, all)
}

// draining says what is still open, and until when that is waited for.
func (s *liveState) draining(l style.Look, now time.Time) (detail, right string, below []string) {
	if s.drainEnds.IsZero() {
		return style.Words(s.step, s.about), style.Clock(now.Sub(s.since)), nil
	}
	open := 0
	for _, o := range s.drain.Open {
		open += o.Connections
		below = append(below, fmt.Sprintf("     %s  %s, the oldest %s", o.Container, model.Count(o.Connections, "connection"), l.Dim(style.Shortly(o.Oldest))))
	}
	switch {
	case open > 0:
		detail = fmt.Sprintf("%s still on %s", model.Count(open, "connection"), s.about.From)
	case s.drain.Workers > 0:
		detail = model.Count(s.drain.Workers, "old nginx worker") + " not done yet"
	default:
		detail = "nothing is open to " + style.ColourOr(s.about.From, "the old colour")
	}
	return detail, style.Clock(now.Sub(s.since)) + ", limit " + style.Clock(s.drainEnds.Sub(s.since)), below
}

// bringing shows how far the pulls and builds are: one in the line itself, several in a line for each.
func (s *liveState) bringing(l style.Look, width int) (detail string, below []string) {
	open := slices.DeleteFunc(slices.Clone(s.transfers), func(t *transfer) bool { return t.Ended })
	columns := min(max(width-60, 8), 20)
	switch len(open) {
	case 0:
		return s.brought(), nil
	case 1:
		if width < narrow {
			return open[0].amount(l, 0), nil
		}
		return shortImage(open[0].Image) + "  " + open[0].amount(l, columns), nil
	}
	for _, t := range open {
		below = append(below, "     "+style.Pad(l.Cut(shortImage(t.Image), 28), 12)+"  "+t.amount(l, columns))
	}
	return fmt.Sprintf("%d of %s", len(s.transfers)-len(open), model.Count(len(s.transfers), "image")), below
}

// narrow is the width below which there is no room for a bar.
const narrow = 60

// amount is how far a transfer is, how fast, and how long it still takes.
func (t *transfer) amount(l style.Look, columns int) string {
	if t.Total == 0 {
		return l.Dim(t.Words)
	}
	text := ""
	if columns > 0 {
		text = l.Bar(t.Done, t.Total, columns) + " "
	}
	if t.Build {
		return fmt.Sprintf("%sstep %d of %d  %s", text, t.Done, t.Total, l.Dim(t.Words))
	}
	text += style.Size(t.Done, t.Total)
	if fast := t.rate.perSecond(); fast > 0 {
		text += fmt.Sprintf("  %s/s  %s left", style.Size(fast), l.Dim(style.Shortly(time.Duration(t.Total-t.Done)*time.Second/time.Duration(fast))))
	}
	return text
}

// containers has a line for each container, those that are not healthy first.
func (s *liveState) containers(l style.Look, width int, now time.Time) []string {
	all := slices.Clone(s.verdict.Progress)
	slices.SortStableFunc(all, func(a, b gate.Progress) int {
		switch {
		case a.Good == b.Good:
			return 0
		case a.Good:
			return 1
		}
		return -1
	})
	longest := 0
	for _, c := range all {
		longest = max(longest, ansi.StringWidth(s.called(c)))
	}
	lines := make([]string, len(all))
	for i, c := range all {
		name := "     " + style.Pad(l.Cut(s.called(c), 28), min(longest, 28)) + "  "
		lines[i] = name + container(l, c, width-ansi.StringWidth(name), now)
	}
	return lines
}

// called is how a container is called: its service where that has one container, otherwise its name without the
// project's.
func (s *liveState) called(c gate.Progress) string {
	several := 0
	for _, other := range s.verdict.Progress {
		if other.Service == c.Service {
			several++
		}
	}
	if several < 2 || c.Name == "" {
		return c.Service
	}
	return strings.TrimPrefix(c.Name, s.about.Project+"-")
}

// container is the condition of a container, how long it has run, and what its last probe said.
func container(l style.Look, c gate.Progress, width int, now time.Time) string {
	mark := style.SignHalf
	switch {
	case c.Good:
		mark = style.SignDone
	case c.Name == "":
		mark = style.SignPending
	case c.Health == gate.HealthUnhealthy, c.State != gate.StateRunning && c.State != gate.StateCreated:
		mark = style.SignFailed
	}
	parts := []string{l.Sign(mark) + " " + style.Pad(condition(c), 9)}
	if !c.StartedAt.IsZero() {
		parts = append(parts, l.Dim(fmt.Sprintf("%4s", style.Shortly(now.Sub(c.StartedAt)))))
	}
	if !c.Good {
		words := failing(c)
		if c.Probe != "" {
			room := width - ansi.StringWidth(strings.Join(parts, "  ")) - ansi.StringWidth(words) - 4
			words = strings.TrimPrefix(words+": "+style.Telling(c.Probe, room), ": ")
		}
		parts = append(parts, words)
	}
	return strings.TrimRight(strings.Join(parts, "  "), " ")
}

// within shortens what is below a line to the room that is there, and says how much more there is.
func within(l style.Look, below []string, room int) []string {
	if len(below) <= room {
		return below
	}
	if room <= 0 {
		return nil
	}
	return append(slices.Clone(below[:room-1]), l.Dim(fmt.Sprintf("     and %d more", len(below)-room+1)))
}

// shownMessages is how many of the last messages are shown.
const shownMessages = 3

// news are the last messages, as far as there is room.
func (s *liveState) news(l style.Look, rows int) (lines []string) {
	last := s.messages[max(0, len(s.messages)-min(shownMessages, rows/6)):]
	for _, text := range last {
		lines = append(lines, " "+l.Sign(style.SignWarning)+" "+strings.ReplaceAll(text, "\n", " "))
	}
	return lines
}

// foot says what comes next, who serves users now, and what Ctrl-C does.
func (s *liveState) foot(l style.Look, width int) []string {
	o := s.about
	if o.To == model.None {
		return nil
	}
	var next []string
	for _, p := range s.ahead() {
		span := o.Stable
		if p == inBaking {
			span = o.Bake
		}
		text := strings.NewReplacer("NEW", string(o.To), "OLD", style.ColourOr(o.From, ""), "SPAN", style.Shortly(span)).Replace(p.next)
		if p == inStopping && o.Keep == model.KeepRemoved {
			text = "remove " + string(o.From)
		}
		next = append(next, l.Sign(style.SignPending)+" "+text)
	}
	var lines []string
	if len(next) > 0 && !s.stopped {
		lines = append(lines, " "+l.Dim(strings.Join(next, "   ")))
	}
	users := "nobody yet"
	if o.Live != model.None {
		users = "all on " + style.Named(o.Live, o.Versions)
	}
	hint := "Ctrl-C undoes, nothing is lost"
	if s.served() || s.stopped {
		hint = ""
	}
	return append(lines, l.Spread(" users: "+users, l.Dim(hint), width))
}

// ahead are the phases after the one that runs.
func (s *liveState) ahead() (next []*phase) {
	passed := map[*phase]bool{s.phase: true}
	for _, d := range s.done {
		passed[d.phase] = true
	}
	if s.phase == nil || s.phase == inChecking {
		passed = map[*phase]bool{}
	}
	for _, step := range s.about.Ahead {
		for _, p := range []*phase{phases[step], inWatching} {
			if p == inWatching && step != "up" && step != "gate" || passed[p] || p.next == "" {
				continue
			}
			passed[p] = true
			next = append(next, p)
		}
	}
	return next
}
