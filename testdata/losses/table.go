package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"bluegate/testdata/shop/load"
)

// result is what was measured for a row.
type result struct {
	switches int
	counts   map[load.Kind]load.Count
}

// Between these marks the page's table stands.
const (
	beginMark = "<!-- losses: written by `make losses` -->\n"
	endMark   = "<!-- end of losses -->\n"
	head      = "| nginx | mode | switches | GET without keep-alive | keep-alive GET | keep-alive POST | long GET | upload | stream |\n" +
		"|---|---|---|---|---|---|---|---|---|\n"
)

// short is for the terminal.
func (r result) short() string {
	lost, requests := 0, 0
	for _, c := range r.counts {
		lost, requests = lost+c.Failed, requests+c.Requests
	}
	return fmt.Sprintf("%s of %s requests lost at %d switches", thousands(lost), thousands(requests), r.switches)
}

// line is the row of the table.
func (r result) line(of row) string {
	cells := []string{of.nginx, of.way.Name, strconv.Itoa(r.switches)}
	for _, kind := range load.AllKinds() {
		c := r.counts[kind]
		cell := fmt.Sprintf("%s of %s", thousands(c.Failed), thousands(c.Requests))
		if c.Failed > 0 {
			cell = "**" + thousands(c.Failed) + "** of " + thousands(c.Requests)
		}
		cells = append(cells, cell)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// page is a document with the table in it.
type page struct {
	before, after string
	rows          []string
}

func readTable(file string) (page, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return page{}, err
	}
	before, rest, ok := strings.Cut(string(text), beginMark)
	table, after, closed := strings.Cut(rest, endMark)
	if !ok || !closed {
		return page{}, fmt.Errorf("%s has no %q followed by %q", file, strings.TrimSpace(beginMark), strings.TrimSpace(endMark))
	}
	p := page{before: before, after: after}
	for line := range strings.Lines(strings.TrimPrefix(table, head)) {
		p.rows = append(p.rows, line)
	}
	return p, nil
}

// writeRow puts a row into the page, in the table's order, and leaves the others as they are.
func writeRow(file string, of row, r result) error {
	p, err := readTable(file)
	if err != nil {
		return err
	}
	p.set(of, r.line(of))
	return os.WriteFile(file, []byte(p.before+beginMark+head+strings.Join(p.rows, "")+endMark+p.after), 0o644)
}

// set replaces the line of a row. Lines of rows that there are no more go.
func (p *page) set(of row, line string) {
	var rows []string
	for _, r := range allRows() {
		prefix := fmt.Sprintf("| %s | %s |", r.nginx, r.way.Name)
		if r.key() == of.key() {
			rows = append(rows, line)
		} else if i := slices.IndexFunc(p.rows, func(l string) bool { return strings.HasPrefix(l, prefix) }); i >= 0 {
			rows = append(rows, p.rows[i])
		}
	}
	p.rows = rows
}
