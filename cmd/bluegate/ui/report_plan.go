package ui

import (
	"strings"
	"time"
)

// planned writes a plan: what is created, switched and stopped, and when it is decided.
func (t *text) planned() {
	r := t.r
	t.head(sentence(r), "")
	t.services()
	if p := r.Plan; p != nil {
		t.steps()
		if t.Verbose && p.Diff != "" {
			t.line("nginx's configuration:")
			t.WriteString(p.Diff)
		}
	}
	t.findings()
	if p := r.Plan; p != nil {
		ready := "  ready: bluegate " + r.Command
		if p.Diff != "" && !t.Verbose {
			ready += "; the whole diff of nginx's configuration: --verbose"
		}
		t.line("%s", ready)
	}
}

// steps writes a line for each kind of thing that would be done.
func (t *text) steps() {
	p := t.r.Plan
	var rows []row
	add := func(mark, colour, verb string, things []string, more string) {
		if len(things) > 0 {
			rows = append(rows, row{t.in(colour, mark) + " " + verb, strings.Join(things, ", "), t.dim(more)})
		}
	}
	add("+", green, "pull", p.Pull, "")
	add("+", green, "build", p.Build, "")
	add("-", red, "remove", p.Replace, "left by an earlier release")
	add("+", green, "create", p.Create, t.r.Versions[t.r.To])
	add("+", green, "start", p.Start, "kept")
	add("?", cyan, "ask", p.Checks, "")
	for i, point := range p.Points {
		verb := "switch"
		if i > 0 {
			verb = ""
		}
		rows = append(rows, row{t.in(yellow, "~") + " " + verb, point.Address + " " + t.sign(arrow) + " " + string(t.r.To), t.dim(point.Place)})
	}
	add("-", red, "stop", p.Stop, "after draining")
	add("$", cyan, "run", p.Hooks, "")
	t.table(rows)
	if p.BudgetMS > 0 {
		t.item("", "decided "+shortly(time.Duration(p.BudgetMS)*time.Millisecond)+" after the start at the latest")
	}
	if t.Verbose {
		for _, s := range p.Services {
			t.line("  healthcheck of %s: %s; decided at most %s after its start", s.Service, s.Healthcheck, duration(s.LatestMS))
		}
	}
}
