package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// state writes what status and health say: what is live, the services of both colours, and the way back.
func (t *text) state() {
	r := t.r
	sentence := allRight(r)
	if r.Outcome != model.OK {
		sentence = r.Message
	}
	if p := r.LastProven; r.Outcome == model.OK && r.Live != model.None && p != nil && p.Colour == r.Live && p.At != nil && !t.Now.IsZero() {
		sentence = nowLive(r) + ", made live " + ago(t.Now.Sub(*p.At))
	}
	t.head(sentence, t.projectAside())
	t.reasons(r.Reasons)
	t.services()
	t.preview()
	if c := t.r.Canary; c != nil {
		t.item("", fmt.Sprintf("canary: %d %% of the clients get %s", c.Weight, c.Colour))
	}
	t.wayBack()
	t.findings()
	if r.Run != "" {
		t.line("run: %s", r.Run)
	}
	if r.Outcome == model.OK && r.Command == "status" && r.Live != model.None && !unfinished(r) {
		t.item("", t.Dim("nothing unfinished, no deployment running"))
	}
}

// projectAside names the project, which a terminal has room for.
func (t *text) projectAside() string {
	if t.Width == 0 {
		return ""
	}
	return t.r.Project
}

// unfinished says whether something is under way, or was left by a run that was killed.
func unfinished(r *report.Report) bool {
	return r.Preview != nil || slices.ContainsFunc(r.Findings, func(f model.Finding) bool {
		return slices.Contains([]string{"locked", "left-behind", "journal-unusable", "draining"}, f.Code)
	})
}

// row is a line of a table: cells that may have colours.
type row []string

// aligned are rows as lines, with their cells in columns.
func aligned(rows []row) (lines []string) {
	var widths []int
	for _, cells := range rows {
		for i, cell := range cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	for _, cells := range rows {
		padded := make([]string, len(cells))
		for i, cell := range cells {
			padded[i] = style.Pad(cell, widths[i])
		}
		lines = append(lines, strings.TrimRight(strings.Join(padded, "  "), " "))
	}
	return lines
}

// cut cuts lines that are longer than the window is wide.
func cut(lines []string, l style.Look) []string {
	if l.Width == 0 {
		return lines
	}
	short := make([]string, len(lines))
	for i, line := range lines {
		short[i] = l.Cut(line, l.Width-1)
	}
	return short
}

// table writes rows with aligned columns.
func (t *text) table(rows []row) {
	lines := aligned(rows)
	for i, line := range lines {
		lines[i] = "  " + line
	}
	for _, line := range cut(lines, t.Look) {
		t.line("%s", line)
	}
}

// services writes a line for each service of a colour that runs, and one line for a colour that does not.
func (t *text) services() {
	var rows []row
	for _, colour := range byRole(t.r) {
		own := slices.DeleteFunc(slices.Clone(t.r.Containers), func(c model.Container) bool { return c.Colour != colour })
		if len(own) == 0 {
			continue
		}
		if !slices.ContainsFunc(own, inUse) && !t.Verbose {
			rows = append(rows, row{t.ColourName(colour), "stopped", t.r.Versions[colour]})
			continue
		}
		rows = append(rows, t.rows(colour, own)...)
	}
	t.table(rows)
}

// inUse says whether the engine still runs a container, or is about to.
func inUse(c model.Container) bool {
	return slices.Contains([]string{string(gate.StateRunning), string(gate.StateRestarting), string(gate.StatePaused)}, c.State)
}

// byRole has the live colour first.
func byRole(r *report.Report) []model.Colour {
	first := cmp.Or(r.Live, r.To, model.Blue)
	return []model.Colour{first, first.Other()}
}

// rows has a line for each service; with Verbose, for each container.
func (t *text) rows(colour model.Colour, containers []model.Container) (rows []row) {
	var names []string
	of := map[string][]model.Container{}
	for _, c := range containers {
		name := c.Service
		if t.Verbose {
			name = c.Name
		}
		if len(of[name]) == 0 {
			names = append(names, name)
		}
		of[name] = append(of[name], c)
	}
	label := t.ColourName(colour)
	for _, name := range names {
		all := of[name]
		worst, well, restarts := all[0], 0, 0
		for _, c := range all {
			restarts += c.Restarts
			if wellNow(c) {
				well++
			} else {
				worst = c
			}
		}
		mark := style.SignDone
		if well < len(all) {
			mark = style.SignFailed
		}
		images := model.Version([]string{worst.Image})
		if i := strings.LastIndex(worst.Image, "/"); worst.Image != "" {
			images = worst.Image[i+1:]
		}
		cells := row{label, name, t.Sign(mark) + " " + conditionNow(worst), fmt.Sprintf("%d/%d", well, len(all)), images}
		if restarts > 0 {
			cells = append(cells, "restarts "+fmt.Sprint(restarts))
		}
		rows = append(rows, cells)
		label = ""
	}
	return rows
}

// wellNow says whether a container runs and is not unhealthy, or has done its work.
func wellNow(c model.Container) bool {
	return c.Completed || c.State == string(gate.StateRunning) && (c.Health == "" || c.Health == "none" || c.Health == string(gate.HealthHealthy))
}

// conditionNow is the condition of a container in a word.
func conditionNow(c model.Container) string {
	if c.Completed {
		return "completed"
	}
	if c.State != string(gate.StateRunning) || c.Health == "" || c.Health == "none" {
		return c.State
	}
	return c.Health
}

// keptStates says in words what a rollback would do with a container.
var keptStates = map[report.KeptState]string{
	report.KeptRunning: "still runs", report.KeptStopped: "is kept, stopped", report.KeptHeld: "would be recreated", report.KeptGone: "is gone",
}

// wayBack says what a rollback would go back to.
func (t *text) wayBack() {
	w := t.r.Rollback
	if w == nil {
		return
	}
	if w.Refused != "" {
		t.item(t.Dim("rollback: "), "would be refused: "+w.Refused)
		return
	}
	var images []string
	states := map[report.KeptState]bool{}
	for _, k := range w.Containers {
		images = append(images, k.Image)
		states[k.State] = true
	}
	kept := "kept"
	switch {
	case states[report.KeptHeld]:
		kept = "recreated from what was saved"
	case states[report.KeptStopped]:
		kept = "kept stopped"
	case states[report.KeptRunning]:
		kept = "still running"
	}
	target := style.Named(w.Colour, map[model.Colour]string{w.Colour: model.Version(images)})
	since := ""
	if w.At != nil && !t.Now.IsZero() {
		since = ", made live " + ago(t.Now.Sub(*w.At))
	}
	t.item(t.Dim("rollback: "), "to "+target+", "+kept+since)
	if t.Verbose {
		t.line("    release %s", w.Release)
		for _, k := range w.Containers {
			t.line("    %s %s, image %s (%.19s)", k.Name, keptStates[k.State], k.Image, k.Digest)
		}
	}
}
