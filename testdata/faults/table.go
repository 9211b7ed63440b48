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

// line is a row of the table, as Markdown.
func line(r row, made outcome, ran bool) string {
	observed, pass := made.Observed, passedMark
	switch {
	case !ran:
		observed, pass = "not run: "+r.reason, namedMark
	case !made.Pass:
		observed, pass = lastLines(made.Detail, 1), failedMark
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", r.id, cell(r.injected), cell(r.required), cell(observed), pass)
}

// What stands in the last column.
const (
	passedMark = "yes"
	failedMark = "**no**"
	namedMark  = "–"
)

// table is what was injected, required and observed, as Markdown. Of rows that were not chosen it keeps the lines of
// before.
func table(before string, chosen []row, outcomes map[string]outcome, o options, took time.Duration) string {
	lines := map[string]string{}
	for text := range strings.Lines(before) {
		if cells := strings.SplitN(text, " | ", 2); strings.HasPrefix(text, "| ") && len(cells) == 2 {
			lines[strings.TrimPrefix(cells[0], "| ")] = text
		}
	}
	for _, r := range chosen {
		made, ran := outcomes[r.id]
		lines[r.id] = line(r, made, ran)
	}
	var b strings.Builder
	b.WriteString("| id | injected | required | observed | pass |\n|---|---|---|---|---|\n")
	for _, r := range catalogue() {
		b.WriteString(lines[r.id])
	}
	count := func(mark string) int { return strings.Count(b.String(), "| "+mark+" |\n") }
	fmt.Fprintf(&b, "\n%d passed, %d failed, %d not run. The last run, of %d rows: kills at every %s of the points and %d at random (seed %d); %s on %s.\n",
		count(passedMark), count(failedMark), count(namedMark), len(chosen), ordinal(o.every), o.random, o.seed, took.Round(time.Second), time.Now().UTC().Format(time.DateOnly))
	return b.String()
}

func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}

// betweenMarks is the table that a document has, with what stands before and behind it.
func betweenMarks(file string) (before, table, after string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", "", "", err
	}
	before, rest, ok := strings.Cut(string(text), tableBegins)
	table, after, ends := strings.Cut(rest, tableEnds)
	if !ok || !ends {
		return "", "", "", fmt.Errorf("%s has no marks %s and %s", file, tableBegins, tableEnds)
	}
	return before, table, after, nil
}
