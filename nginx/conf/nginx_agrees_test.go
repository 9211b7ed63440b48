package conf

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"bluegate/testdata/sample"
)

// TestNginxAgrees holds the parser against nginx itself: the same verdict on the syntax, for refusals of a byte the same
// line, and where nginx names a directive that it does not know, the same understanding of its quotes and escapes.
func TestNginxAgrees(t *testing.T) {
	var cases []string
	first, step := sample.Steps(t, 5)
	for seed := first; seed < 2500; seed += step {
		cases = append(cases, generateConf(uint64(seed), false))
	}
	cases = append(cases, atTheLimit()...)
	agree(t, newNginx, cases)
}

func TestNginxAgreesOnLua(t *testing.T) {
	var cases []string
	first, step := sample.Steps(t, 5)
	for seed := first; seed < 1000; seed += step {
		cases = append(cases, generateConf(uint64(seed), true))
	}
	agree(t, newLuaNginx, cases)
}

// agree compares all cases, each worker with a directory of its own.
func agree(t *testing.T, start func(testing.TB) *realNginx, cases []string) {
	split := map[string]int{}
	names, edits := 0, 0
	var mu sync.Mutex
	var wg sync.WaitGroup
	workers := max(2, runtime.NumCPU())
	for w := range workers {
		nginx := start(t)
		wg.Go(func() {
			for i := w; i < len(cases); i += workers {
				v, err := nginx.test(cases[i])
				if err != nil {
					t.Error(err)
					return
				}
				kind, complaint := compare(cases[i], v)
				edited, wrong := thereAndBack(cases[i])
				if edited != "" && kind == "accepted" {
					if again, err := nginx.test(edited); err != nil || again.msg != v.msg {
						wrong = fmt.Sprintf("nginx says something else of what became of it, %q: %+v, %v", shorten(edited), again, err)
					}
				}
				if complaint == "" {
					complaint = wrong
				}
				mu.Lock()
				split[kind]++
				if edited != "" {
					edits++
				}
				if strings.HasPrefix(v.msg, "unknown directive") {
					names++
				}
				mu.Unlock()
				if complaint != "" {
					t.Errorf("case %d: %s\nnginx: %+v\n%q", i, complaint, v, shorten(cases[i]))
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d configurations compared: %v; %d names compared with how nginx prints them; %d edited there and back", len(cases), split, names, edits)
	if edits < len(cases)/10 {
		t.Errorf("only %d had an address to edit", edits)
	}
	for _, kind := range []string{"accepted", "refused", "refused for its meaning"} {
		if split[kind] < len(cases)/20 {
			t.Errorf("only %d were %s: the generator does not try enough", split[kind], kind)
		}
	}
}

// thereAndBack gives every address of a configuration another value, and the old one again: not a byte may differ then.
// It returns what the configuration was in between; empty where the parser refuses it, or where it has no address.
func thereAndBack(config string) (edited, complaint string) {
	const other = "127.0.0.9:9"
	f, err := Parse("case.conf", []byte(config))
	if err != nil {
		return "", ""
	}
	words := func(f *File) []Point { return append(f.Points(), f.Values()...) }
	var there, back []Edit
	for _, p := range words(f) {
		there = append(there, Edit{p.Start, p.End, config[p.Start:p.End], other})
	}
	out, err := Apply(f.Src, there)
	if err != nil || len(there) == 0 {
		return "", errorText(err)
	}
	f, err = Parse("case.conf", out)
	if err != nil {
		return "", fmt.Sprintf("with other addresses it is refused: %v", err)
	}
	found := words(f)
	if len(found) != len(there) {
		return "", fmt.Sprintf("%d addresses became %d", len(there), len(found))
	}
	for i, p := range found {
		back = append(back, Edit{p.Start, p.End, other, there[i].Old})
	}
	again, err := Apply(out, back)
	if err == nil && string(again) != config {
		err = fmt.Errorf("it came back as %q", again)
	}
	return string(out), errorText(err)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// compare says what kind of case this was, and what the parser and nginx disagree on.
func compare(config string, v verdict) (kind, complaint string) {
	const accepted, refused, meaning = "accepted", "refused", "refused for its meaning"
	p := newParser("case.conf", []byte(config))
	err := p.parse()
	line := 0
	if err != nil {
		line, _ = p.file.Position(err.offset)
	}
	switch {
	case v.msg == "" || !v.syntaxError && v.line == 0:
		if err != nil {
			return accepted, fmt.Sprintf("the parser refuses line %d of what nginx reads: %s", line, err.msg)
		}
		return accepted, ""

	case !v.syntaxError || v.msg == `unexpected "{"` && hasBlockInTable(p.file, v.line):
		// What is behind such a directive, nginx never saw.
		if err != nil && line < v.line {
			return meaning, fmt.Sprintf("the parser refuses line %d of what nginx read: %s", line, err.msg)
		}
		if name, ok := strings.CutPrefix(v.msg, `unknown directive "`); ok && !hasDirective(p.file, strings.TrimSuffix(name, `"`)) {
			return meaning, "the parser does not have this directive"
		}
		return meaning, ""

	case err == nil:
		return refused, "the parser reads what nginx refuses"

	case len(v.msg) == len(`unexpected "x"`) && line != v.line:
		return refused, fmt.Sprintf("the parser refuses line %d instead: %s", line, err.msg)
	}
	return refused, ""
}

// hasBlockInTable reports a block up to a line inside map and the like, which they refuse with the lexer's words.
func hasBlockInTable(f *File, upTo int) bool {
	found := false
	f.Walk(func(d *Directive) bool {
		line, _ := f.Position(d.Start)
		found = found || line <= upTo && d.HasBlock && d.Parent != nil && slices.Contains([]string{"map", "types"}, d.Parent.Name.Value)
		return true
	})
	return found
}

// hasDirective looks for a name as nginx prints it: up to a NUL, and no longer than its message may be.
func hasDirective(f *File, name string) bool {
	found := false
	f.Walk(func(d *Directive) bool {
		value, _, _ := strings.Cut(d.Name.Value, "\x00")
		found = found || value == name || len(name) > 900 && strings.HasPrefix(value, name)
		return true
	})
	return found
}

func shorten(s string) string {
	if len(s) > 3000 {
		return s[:1500] + " … " + s[len(s)-1500:]
	}
	return s
}
