package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/testdata/shop/load"
)

func counts(lost int) result {
	r := result{switches: 20, counts: map[load.Kind]load.Count{}}
	for _, kind := range load.AllKinds() {
		r.counts[kind] = load.Count{Requests: 12345}
	}
	r.counts[load.KeepAlivePost] = load.Count{Requests: 1000, Failed: lost}
	return r
}

func TestRowsAreKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte("# Before\n"+beginMark+endMark+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	measured := func(key string, lost int) {
		t.Helper()
		rows, err := chosen(key)
		if err != nil {
			t.Fatal(err)
		}
		if err := writeRow(file, rows[0], counts(lost)); err != nil {
			t.Fatal(err)
		}
	}
	measured("1.22/edit", 7)
	measured("1.30/flag", 0)
	measured("1.22/edit", 8) // again
	measured("1.22/edit, keepalive_timeout 0", 0)
	text, err := os.ReadFile(file)
	rest := " | 0 of 12,345 | 0 of 12,345 |"
	want := "# Before\n" + beginMark + head +
		"| 1.30 | flag | 20" + rest + " 0 of 1,000" + rest + " 0 of 12,345 |\n" +
		"| 1.22 | edit | 20" + rest + " **8** of 1,000" + rest + " 0 of 12,345 |\n" +
		"| 1.22 | edit, keepalive_timeout 0 | 20" + rest + " 0 of 1,000" + rest + " 0 of 12,345 |\n" + endMark + "after\n"
	if err != nil || string(text) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, text, want)
	}
}

func TestAPageWithoutMarks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	for _, text := range []string{"", beginMark, endMark + beginMark} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readTable(file); err == nil {
			t.Errorf("%q passes", text)
		}
	}
}

func TestChosen(t *testing.T) {
	all := allRows()
	seen := map[string]bool{}
	for _, r := range all {
		if seen[r.key()] {
			t.Errorf("%s is there twice", r.key())
		}
		seen[r.key()] = true
	}
	if got, err := chosen("1.22/flag; 1.30/edit"); err != nil || len(got) != 2 || got[0].key() != "1.22/flag" {
		t.Errorf("%v %v", got, err)
	}
	if _, err := chosen("1.30/sed"); err == nil || !strings.Contains(err.Error(), "1.30/sed") {
		t.Errorf("a row that there is not: %v", err)
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"-list"}, &out); err != nil || strings.Count(out.String(), "\n") != len(all) {
		t.Errorf("-list: %v\n%s", err, out.String())
	}
}
