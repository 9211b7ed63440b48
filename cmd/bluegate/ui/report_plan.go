package ui

import (
	"strings"
	"time"

	"bluegate/cmd/bluegate/ui/style"
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
			rows = append(rows, row{t.In(colour, mark) + " " + verb, strings.Join(things, ", "), t.Dim(more)})
		}
	}
	add("+", style.Green, "pull", p.Pull, "")
	add("+", style.Green, "build", p.Build, "")
	add("-", style.Red, "remove", p.Replace, "left by an earlier release")
	add("+", style.Green, "create", p.Create, t.r.Versions[t.r.To])
	add("+", style.Green, "start", p.Start, "kept")
	add("?", style.Cyan, "ask", p.Checks, "")
	for i, point := range p.Points {
		verb := "switch"
		if i > 0 {
			verb = ""
		}
		rows = append(rows, row{t.In(style.Yellow, "~") + " " + verb, point.Address + " " + t.Sign(style.Arrow) + " " + string(t.r.To), t.Dim(point.Place)})
	}
	add("-", style.Red, "stop", p.Stop, "after draining")
	add("$", style.Cyan, "run", p.Hooks, "")
	t.table(rows)
	if p.BudgetMS > 0 {
		t.item("", "decided "+style.Shortly(time.Duration(p.BudgetMS)*time.Millisecond)+" after the start at the latest")
	}
	if t.Verbose {
		for _, s := range p.Services {
			t.line("  healthcheck of %s: %s; decided at most %s after its start", s.Service, s.Healthcheck, duration(s.LatestMS))
		}
	}
}
