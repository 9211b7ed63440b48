package conf

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestNginxAgrees holds the parser against nginx itself: the same verdict on the syntax, for refusals of a byte the same
// line, and where nginx names a directive that it does not know, the same understanding of its quotes and escapes.
func TestNginxAgrees(t *testing.T) {
	var cases []string
	for seed := range uint64(2500) {
		cases = append(cases, generateConf(seed, false))
	}
	cases = append(cases, atTheLimit()...)
	agree(t, newNginx, cases)
}

func TestNginxAgreesOnLua(t *testing.T) {
	var cases []string
	for seed := range uint64(1000) {
		cases = append(cases, generateConf(seed, true))
	}
	agree(t, newLuaNginx, cases)
}

// agree compares all cases, each worker with a directory of its own.
func agree(t *testing.T, start func(testing.TB) *realNginx, cases []string) {
	split := map[string]int{}
	names := 0
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
				mu.Lock()
				split[kind]++
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
	t.Logf("%d configurations compared: %v; %d names compared with how nginx prints them", len(cases), split, names)
	for _, kind := range []string{"accepted", "refused", "refused for its meaning"} {
		if split[kind] < len(cases)/20 {
			t.Errorf("only %d were %s: the generator does not try enough", split[kind], kind)
		}
	}
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
