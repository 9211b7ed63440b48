package main

import (
	"slices"
	"strings"
)

// row is one fault of the catalogue: what is injected, what is required then, and how that is shown. Exactly one of
// run, tests and reason is set.
type row struct {
	id       string
	injected string
	required string
	run      func(*trial)
	tests    []string // tests of the project that show it: package:Name or package:Name/subtest
	reason   string   // why nothing shows it
}

// outcome is what came of a row.
type outcome struct {
	ID       string `json:"id"`
	Pass     bool   `json:"pass"`
	Observed string `json:"observed"`
	Detail   string `json:"detail,omitempty"` // of a failure: what was said and done
	MS       int64  `json:"ms"`
}

// catalogue is every row, in its order.
func catalogue() []row {
	return slices.Concat(rowsA, rowsB, rowsC, rowsD, rowsE, rowsF, rowsG, rowsH, rowsI)
}

// chosen are the rows that a list names: A1,B3 or A for all of a letter. An empty list is all of them.
func chosen(rows []row, list string) []row {
	if list == "" {
		return rows
	}
	want := strings.Split(list, ",")
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool {
		return !slices.ContainsFunc(want, func(w string) bool {
			first, _, _ := strings.Cut(r.id, " ") // A15 of "A15 first", C7 of "C7, C8"
			return w == r.id || w == strings.TrimSuffix(first, ",") || len(w) == 1 && strings.HasPrefix(r.id, w)
		})
	})
}
