package ui

import (
	"fmt"
	"slices"
	"strings"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/model"
)

// everything writes what --verbose adds: the release, how it is known what is live, the images, the proof of the switch,
// what was cleaned up, each finding with its remedy, and the time of each step.
func (t *text) everything() {
	r := t.r
	if r.Release != "" {
		t.line("release: %s", r.Release)
	}
	if r.LiveBy != "" && r.Live != model.None {
		t.line("live: %s: %s", r.Live, r.LiveBy)
	}
	for _, i := range r.Images {
		t.line("image: %s", i)
	}
	t.switched()
	t.cleaned()
	if n := r.Names; n != nil {
		t.line("names: %s keeps %s resolvable for nginx, on %s", n.Container, strings.Join(n.Hosts, ", "), strings.Join(n.Networks, ", "))
	}
	if r.Command != "doctor" {
		for _, f := range r.Findings {
			writeRemedy(&t.Builder, f)
		}
	}
	for _, c := range r.Checks {
		t.line("check: %s, asked from %s %s: %s, %d of %d passed%s", c.Check, c.From, c.During, c.Status, c.Passed, c.Asked, style.Prefixed(": ", c.Message))
	}
	if r.Outcome != model.Promoted { // else they were told
		t.verdicts()
	}
	for _, s := range r.Steps {
		t.line("step %-20s %-7s %8s%s", s.Name, s.Status, duration(s.MS), style.Prefixed("  ", style.FirstLine(s.Message)))
	}
}

func (t *text) switched() {
	s := t.r.Switch
	if s == nil {
		return
	}
	t.line("switch: %s, %s in %s, proven in %s", s.Nginx, count(s.Points, "address"), count(len(s.Files), "file"), duration(s.ProofMS))
	for _, p := range s.Proof {
		t.line("  %s", p)
	}
}

// cleaned says what was undone, replaced and removed, by name.
func (t *text) cleaned() {
	r := t.r
	if u := r.Undo; u != nil {
		t.line("%s: %s, in %s%s", u.Name, u.Status, duration(u.MS), style.Prefixed(": ", u.Error))
	}
	if len(r.Pruned.Replaced) > 0 {
		t.line("replaced: %s, left by an earlier release of %s", strings.Join(r.Pruned.Replaced, ", "), r.To)
	}
	removed := slices.Clone(r.Pruned.Containers)
	if r.Undo == nil { // otherwise the release's own containers were removed, which may have the same names
		removed = slices.DeleteFunc(removed, func(name string) bool { return slices.Contains(r.Pruned.Replaced, name) })
	}
	if removed = append(removed, r.Pruned.Images...); len(removed) > 0 {
		t.line("removed: %s", strings.Join(removed, ", "))
	}
}

// writeRemedy writes a finding with its cost and its remedy, in full.
func writeRemedy(b *strings.Builder, f model.Finding) {
	fmt.Fprintf(b, "%s%s\n  %s\n", f.Code, style.Prefixed(": ", f.Place), style.Indent(f.Message, "  "))
	if f.Cost != "" {
		fmt.Fprintf(b, "  costs: %s\n", style.Indent(f.Cost, "  "))
	}
	if f.Remedy != "" {
		fmt.Fprintf(b, "  remedy:\n    %s\n", style.Indent(f.Remedy, "    "))
	}
}
