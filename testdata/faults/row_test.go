package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every row of the catalogue is run, shown by tests that exist, or says why not.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range catalogue() {
		ways := 0
		for _, has := range []bool{r.run != nil, len(r.tests) > 0, r.reason != ""} {
			if has {
				ways++
			}
		}
		if ways != 1 || r.injected == "" || r.required == "" || seen[r.id] {
			t.Errorf("row %s: %d ways to show it, seen before %t", r.id, ways, seen[r.id])
		}
		seen[r.id] = true
		for _, test := range r.tests {
			pkg, name, _ := strings.Cut(test, ":")
			top, _, _ := strings.Cut(name, "/")
			if !declared(t, filepath.Join("..", "..", pkg), top) {
				t.Errorf("row %s: %s has no %s", r.id, pkg, top)
			}
		}
	}
}

func declared(t *testing.T, dir, test string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(text), "func "+test+"(t *testing.T)")
	})
}

func TestChosen(t *testing.T) {
	rows := []row{{id: "A1–14 before"}, {id: "A15 first"}, {id: "B3 up"}, {id: "B3 before"}, {id: "C1"}, {id: "C10"}}
	for list, want := range map[string]string{
		"": "A1–14 before,A15 first,B3 up,B3 before,C1,C10", "A": "A1–14 before,A15 first", "B3": "B3 up,B3 before", "C1": "C1", "C1,B3 up": "B3 up,C1", "Z": "",
	} {
		var ids []string
		for _, r := range chosen(rows, list) {
			ids = append(ids, r.id)
		}
		if got := strings.Join(ids, ","); got != want {
			t.Errorf("%q chooses %s, want %s", list, got, want)
		}
	}
}
