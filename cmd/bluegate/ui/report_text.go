package ui

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// ReportText returns the report for people: the outcome, the reasons, then what was found and done.
func ReportText(r *report.Report, verbose bool) string {
	var b strings.Builder
	b.WriteString(headline(r) + "\n")
	if live := liveLine(r); live != "" {
		fmt.Fprintf(&b, "live: %s\n", live)
	}
	if (r.Outcome == model.Refused || r.Outcome == model.RolledBack) && len(r.Reasons) == 0 {
		fmt.Fprintf(&b, "  %s\n", indent(r.Message, "    "))
	}
	writeReasons(&b, r.Reasons)
	writeUndo(&b, r)
	if r.Command == "status" || r.Command == "health" || r.DryRun {
		writeContainers(&b, r)
	}
	if r.Command == "watch" {
		writeMeasured(&b, r.Checks)
	}
	if r.Rollback != nil {
		writeRollbackTarget(&b, r.Rollback)
	}
	if n := r.Names; n != nil {
		fmt.Fprintf(&b, "names: %s keeps %s resolvable for nginx, on %s\n", n.Container, strings.Join(n.Hosts, ", "), strings.Join(n.Networks, ", "))
	}
	if r.Plan != nil {
		writePlan(&b, r.Plan)
	}
	if s := r.Switch; s != nil {
		fmt.Fprintf(&b, "switch: %s, %s in %s, proven in %s\n", s.Nginx, count(s.Points, "address"), count(len(s.Files), "file"), duration(s.ProofMS))
		if verbose {
			for _, p := range s.Proof {
				fmt.Fprintf(&b, "  %s\n", p)
			}
		}
	}
	for _, f := range r.Findings {
		if r.Command == "doctor" || verbose {
			writeRemedy(&b, f)
		} else {
			writeFinding(&b, f)
		}
	}
	writeSteps(&b, r, verbose)
	if r.Run != "" {
		fmt.Fprintf(&b, "run: %s\n", r.Run)
	}
	return b.String()
}

// headline says the outcome and which colour is live.
func headline(r *report.Report) string {
	release := ""
	if r.Release != "" {
		release = " (release " + r.Release + ")"
	}
	switch r.Outcome {
	case model.Promoted:
		if r.Command == "rollback" {
			return fmt.Sprintf("promoted: %s is live again%s", r.Live, release)
		}
		return fmt.Sprintf("promoted: %s is live%s", r.Live, release)
	case model.Started:
		if r.Live == model.None {
			return fmt.Sprintf("started: %s is up and healthy%s; %s", r.To, release, r.LiveBy)
		}
		return fmt.Sprintf("started: %s is live%s", r.Live, release)
	case model.Planned:
		return fmt.Sprintf("planned: %s would become live; now %s", r.To, liveNow(r))
	case model.Refused:
		if r.DryRun || r.Command == "doctor" {
			return fmt.Sprintf("refused: a %s cannot start; %s", noun(r.Command), liveNow(r))
		}
		if r.To == model.None {
			return fmt.Sprintf("refused: the %s did not start; %s", r.Command, liveNow(r))
		}
		return fmt.Sprintf("refused: %s did not pass%s; %s", r.To, release, liveNow(r))
	case model.RolledBack:
		what := "did not pass"
		if slices.ContainsFunc(r.Steps, func(s report.Step) bool { return s.Name == "bake" && s.Status == "failed" }) {
			what = "did not pass its bake"
		}
		return fmt.Sprintf("rolled-back: %s %s%s; %s", r.To, what, release, liveNow(r))
	case model.NotHealthy:
		return "unhealthy: " + r.Message
	case model.OK:
		if r.Message != "" {
			return "ok: " + r.Message
		}
		return "ok: " + liveNow(r)
	}
	return fmt.Sprintf("%s: %s", r.Outcome, r.Message)
}

// liveLine says which colour is live, if the headline says only what went wrong.
func liveLine(r *report.Report) string {
	if r.LiveBy == "" || r.Command != "deploy" && r.Command != "rollback" && r.Command != "settle" {
		return ""
	}
	switch r.Outcome {
	case model.NeedsPerson, model.Interrupted, model.Failed, model.Unreachable, model.Settled:
		if r.Live == model.None {
			return "not known: " + r.LiveBy
		}
		return fmt.Sprintf("%s: %s", r.Live, r.LiveBy)
	}
	return ""
}

func noun(command string) string {
	if command == "rollback" {
		return command
	}
	return "deployment"
}

func liveNow(r *report.Report) string {
	if r.Live == model.None {
		if r.LiveBy == "" {
			return "no colour is known to be live"
		}
		return "no colour is known to be live: " + r.LiveBy
	}
	if r.Outcome == model.Refused {
		return string(r.Live) + " is live and was not touched"
	}
	return fmt.Sprintf("%s is live: %s", r.Live, r.LiveBy)
}

func writeReasons(b *strings.Builder, reasons []model.Reason) {
	for _, r := range reasons {
		fmt.Fprintf(b, "  %s\n", indent(r.String(), "    "))
		if r.LastProbe != "" {
			fmt.Fprintf(b, "    last probe: %s\n", indent(strings.TrimSpace(r.LastProbe), "      "))
		}
		for i, line := range r.LogTail {
			if i == 0 {
				b.WriteString("    last lines of its log:\n")
			}
			fmt.Fprintf(b, "      %s\n", indent(line, "      "))
		}
	}
}

func indent(text, by string) string { return strings.ReplaceAll(text, "\n", "\n"+by) }

func writeUndo(b *strings.Builder, r *report.Report) {
	if r.Undo != nil {
		fmt.Fprintf(b, "%s: %s, in %s%s\n", r.Undo.Name, r.Undo.Status, duration(r.Undo.MS), prefixed(": ", r.Undo.Error))
	}
	removed := slices.Clone(r.Pruned.Containers)
	if len(r.Pruned.Replaced) > 0 {
		fmt.Fprintf(b, "replaced: %s, left by an earlier release of %s\n", strings.Join(r.Pruned.Replaced, ", "), r.To)
	}
	if r.Undo == nil { // otherwise the release's own containers were removed, which may have the same names
		removed = slices.DeleteFunc(removed, func(name string) bool { return slices.Contains(r.Pruned.Replaced, name) })
	}
	if removed = append(removed, r.Pruned.Images...); len(removed) > 0 {
		fmt.Fprintf(b, "removed: %s\n", strings.Join(removed, ", "))
	}
	for _, i := range r.Images {
		fmt.Fprintf(b, "image: %s\n", imageLine(i))
	}
}

// imageLine says which image a service runs, and which one it replaced.
func imageLine(i report.LiveImage) string {
	text := fmt.Sprintf("%s runs %s (%.19s)", i.Service, i.Image, i.Digest)
	switch old := i.Replaced; {
	case old == nil:
		return text
	case old.Digest == i.Digest:
		return text + ", the same as " + old.Service
	default:
		return fmt.Sprintf("%s; %s ran %s (%.19s)", text, old.Service, old.Image, old.Digest)
	}
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func writeContainers(b *strings.Builder, r *report.Report) {
	if len(r.Containers) == 0 {
		return
	}
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "COLOUR\tSERVICE\tCONTAINER\tSTATE\tHEALTH\tRESTARTS\tIMAGE")
	for _, c := range r.Containers {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", c.Colour, c.Service, c.Name, c.State, c.Health, c.Restarts, c.Image)
	}
	_ = w.Flush()
}

// keptStates says in words what a rollback would do with a container.
var keptStates = map[report.KeptState]string{
	report.KeptRunning: "still runs", report.KeptStopped: "is kept, stopped", report.KeptHeld: "would be recreated", report.KeptGone: "is gone",
}

func writeRollbackTarget(b *strings.Builder, w *report.RollbackTarget) {
	if w.Refused != "" {
		fmt.Fprintf(b, "rollback: would be refused: %s\n", indent(w.Refused, "  "))
		return
	}
	since := ""
	if w.At != nil {
		since = ", made live at " + w.At.UTC().Format(time.RFC3339)
	}
	fmt.Fprintf(b, "rollback: to %s (release %s%s)\n", w.Colour, w.Release, since)
	for _, k := range w.Containers {
		fmt.Fprintf(b, "  %s %s, image %s (%.19s)\n", k.Name, keptStates[k.State], k.Image, k.Digest)
	}
}

func writePlan(b *strings.Builder, p *report.Plan) {
	for _, row := range []struct {
		what   string
		things []string
	}{{"pull", p.Pull}, {"build", p.Build}, {"remove", p.Replace}, {"create", p.Create}, {"start", p.Start}, {"stop, once drained", p.Stop}, {"ask", p.Checks}, {"run", p.Hooks}} {
		if len(row.things) > 0 {
			fmt.Fprintf(b, "would %s: %s\n", row.what, strings.Join(row.things, ", "))
		}
	}
	for _, s := range p.Services {
		fmt.Fprintf(b, "healthcheck of %s: %s; decided at most %s after its start\n", s.Service, s.Healthcheck, duration(s.LatestMS))
	}
	if p.Diff != "" {
		b.WriteString("nginx's configuration:\n" + p.Diff)
	}
}

func writeFinding(b *strings.Builder, f model.Finding) {
	place := ""
	if f.Place != "" {
		place = f.Place + ": "
	}
	fmt.Fprintf(b, "note: %s%s (%s)\n", place, f.Message, f.Code)
}

// writeRemedy writes a finding with its cost and its remedy.
func writeRemedy(b *strings.Builder, f model.Finding) {
	fmt.Fprintf(b, "%s%s\n  %s\n", f.Code, prefixed(": ", f.Place), indent(f.Message, "  "))
	if f.Cost != "" {
		fmt.Fprintf(b, "  costs: %s\n", indent(f.Cost, "  "))
	}
	if f.Remedy != "" {
		fmt.Fprintf(b, "  remedy:\n    %s\n", indent(f.Remedy, "    "))
	}
}

// writeSteps writes one line, or with verbose a line per step.
func writeSteps(b *strings.Builder, r *report.Report, verbose bool) {
	if len(r.Steps) == 0 || r.Command != "deploy" && r.Command != "rollback" && !verbose {
		return
	}
	if !verbose {
		parts := make([]string, len(r.Steps))
		for i, s := range r.Steps {
			parts[i] = s.Name + " " + duration(s.MS)
		}
		fmt.Fprintf(b, "steps: %s\n", strings.Join(parts, ", "))
		return
	}
	for _, s := range r.Steps {
		fmt.Fprintf(b, "step %-20s %-7s %8s%s\n", s.Name, s.Status, duration(s.MS), prefixed("  ", firstLine(s.Message)))
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func duration(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	if d >= time.Second {
		d = d.Round(100 * time.Millisecond)
	}
	return d.String()
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if strings.HasSuffix(thing, "s") {
		return fmt.Sprintf("%d %ses", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
