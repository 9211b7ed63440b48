package conf

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzParse feeds anything. The parser may refuse it with a place inside of it; what it takes has exact offsets.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	for seed := range uint64(50) {
		f.Add([]byte(generateConf(seed, seed%2 == 0)))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		before := string(src)
		file, err := Parse("x", src)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 || syntax.Col < 1 || syntax.Line > strings.Count(before, "\n")+1 {
				t.Fatalf("%q: %v", src, err)
			}
			return
		}
		checkOffsets(t, file)
		var there []Edit
		for _, p := range file.Points() {
			checkPoint(t, file, p)
			there = append(there, Edit{p.Start, p.End, before[p.Start:p.End], "other:1"})
		}
		for _, m := range file.Mentions([]string{"was-blue", "a", "["}) {
			if m.Line < 1 || m.Col < 1 || m.Text == "" {
				t.Fatalf("%q: %+v", src, m)
			}
		}
		file.Upstreams()
		file.Includes()
		out, err := Apply(src, there)
		if err != nil {
			t.Fatalf("%q: %v", src, err)
		}
		// A longer address can push a word beyond nginx's buffer, and then nginx would refuse it too.
		if again, err := Parse("x", out); err == nil && len(again.Points()) != len(there) {
			t.Fatalf("%q became %q, with %d points instead of %d", src, out, len(again.Points()), len(there))
		}
		if string(src) != before {
			t.Fatalf("%q was changed", before)
		}
	})
}

// TestHostileInputIsLinear feeds what makes a careless lexer look at the same bytes again and again. The time is far
// above what a linear one needs and far below what a quadratic one does.
func TestHostileInputIsLinear(t *testing.T) {
	const size = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, src := range map[string]string{
		"comments":           fill("#\n"),
		"braces":             fill("{"),
		"nesting":            fill("a{"),
		"directives":         fill("a;"),
		"words":              fill("a "),
		"quotes":             fill("'' "),
		"escapes":            fill(`\`),
		"lua quotes":         "a_by_lua_block {" + fill(`\"`),
		"lua escapes":        "a_by_lua_block {" + fill(`"\"\"\"\"`) + "\n}",
		"lua mixed quotes":   "a_by_lua_block {" + fill(`"\'\"\'`) + "\n}",
		"lua brackets":       "a_by_lua_block {" + fill("[=") + "}",
		"lua equal signs":    "a_by_lua_block {[" + fill("=") + "}",
		"lua comments":       "a_by_lua_block {" + fill("--[[]]was ") + "}",
		"lua comment starts": "a_by_lua_block {" + fill("--[=") + "\n}",
		"mentions":           "a_by_lua_block {" + fill("waswas") + "}",
		"points":             fill("proxy_pass http://a:1;\n"),
		"servers":            "upstream a {" + fill("server a:1; ") + "}",
	} {
		begin := time.Now()
		if f, err := Parse("x", []byte(src)); err == nil {
			f.Points()
			f.Mentions([]string{"was", "a"})
		}
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("%s: %s for %d bytes", name, d, len(src))
		}
	}
}
