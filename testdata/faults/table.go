package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	tableBegins = "<!-- table -->"
	tableEnds   = "<!-- /table -->"
)

// table is what was injected, required and observed, as Markdown.
func table(rows []row, outcomes map[string]outcome, o options, took time.Duration) string {
	var b strings.Builder
	passed, failed, named := 0, 0, 0
	b.WriteString("| id | injected | required | observed | pass |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		made, ran := outcomes[r.id]
		observed, pass := made.Observed, "yes"
		switch {
		case !ran:
			observed, pass = "not run: "+r.reason, "–"
			named++
		case !made.Pass:
			observed, pass = lastLines(made.Detail, 1), "**no**"
			failed++
		default:
			passed++
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.id, cell(r.injected), cell(r.required), cell(observed), pass)
	}
	fmt.Fprintf(&b, "\n%d passed, %d failed, %d not run; kills at every %s of the points and %d at random (seed %d); %s on %s.\n",
		passed, failed, named, ordinal(o.every), o.random, o.seed, took.Round(time.Second), time.Now().UTC().Format(time.DateOnly))
	return b.String()
}

func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}

// writeBetweenMarks replaces the table in a document.
func writeBetweenMarks(file, table string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !ok || !ends {
		return fmt.Errorf("%s has no marks %s and %s", file, tableBegins, tableEnds)
	}
	return os.WriteFile(file, []byte(before+tableBegins+"\n"+table+tableEnds+after), 0o644)
}
