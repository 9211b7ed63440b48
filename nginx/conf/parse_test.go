package conf

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// dump writes directives as their values, each between «».
func dump(ds []*Directive) string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString("«" + d.Name.Value + "»")
		for _, a := range d.Args {
			b.WriteString("«" + a.Value + "»")
		}
		switch {
		case d.Lua.End > 0:
			b.WriteString("{lua " + d.Lua.Value + "}")
		case d.HasBlock:
			b.WriteString("{" + dump(d.Block) + "}")
		default:
			b.WriteString(";")
		}
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"empty", "", ""},
		{"white space and a comment without line end", " \t\r\n# server {", ""},
		{"directive", "listen 80;", "«listen»«80»;"},
		{"no spaces", "a{b;c d;}e;", "«a»{«b»;«c»«d»;}«e»;"},
		{"over lines, CRLF", "a\r\n  b\r\n  c\r\n;\r\n", "«a»«b»«c»;"},
		{"comments between words", "a # ; }\n b #\r\n;", "«a»«b»;"},
		{"hash inside a word", "a b#c #d;\n;", "«a»«b#c»;"},
		{"closing brace inside a word", "set $x a}b;", "«set»«$x»«a}b»;"},
		{"closing brace ends a block only where a word could begin", "a{b c};}", "«a»{«b»«c}»;}"},
		{"opening brace ends a word", "a b{c;}", "«a»«b»{«c»;}"},
		{"variable in braces", "a ${b}c;", "«a»«${b}c»;"},
		{"variable inside a word", "a x${b};", "«a»«x${b}»;"},
		{"braces repeated behind a dollar", "a ${{{b};", "«a»«${{{b}»;"},
		{"brace behind a variable without braces", "a $b{c;}", "«a»«$b»{«c»;}"},
		{"quotes", `a "b c" 'd;e' "";`, "«a»«b c»«d;e»«»;"},
		{"quotes of the other kind", `a "it's" 'say "x"';`, "«a»«it's»«say \"x\"»;"},
		{"quotes inside a word", `a b"c d";`, "«a»«b\"c»«d\"»;"},
		{"quoted name", `"a" b;`, "«a»«b»;"},
		{"quotes over lines", "a 'b\r\nc';", "«a»«b\r\nc»;"},
		{"parenthesis behind quotes begins a word", `if ($a = "b") {}`, "«if»«($a»«=»«b»«)»{}"},
		{"and takes what follows", `a "b")c"d;`, "«a»«b»«)c\"d»;"},
		{"block behind quotes", `a "b"{}`, "«a»«b»{}"},
		{"the six escapes", `a \"\'\\\t\r\n;`, "«a»«\"'\\\t\r\n»;"},
		{"other backslashes stay", `a \.\d\;\{\ b;`, `«a»«\.\d\;\{\ b»;`},
		{"escaped quote in quotes", `a "b\"c" 'd\'e';`, `«a»«b"c»«d'e»;`},
		{"regular expression", `location ~ "^/a{2}\.(x|y)$" {}`, `«location»«~»«^/a{2}\.(x|y)$»{}`},
		{"escaped line end", "a b\\\nc;", "«a»«b\\\nc»;"},
		{"bytes that are no text", "a \x00\xff\v\f;", "«a»«\x00\xff\v\f»;"},
		{"a byte order mark is part of the first word, as in nginx", "\ufeffa;", "«\ufeffa»;"},
		{"lua", `content_by_lua_block { x = "}" } b;`, "«content_by_lua_block»{lua  x = \"}\" }«b»;"},
		{"lua with an argument", `set_by_lua_block $x {}`, "«set_by_lua_block»«$x»{lua }"},
		{"what lua is called without a block is an ordinary directive", `a_by_lua_block b;`, "«a_by_lua_block»«b»;"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Parse("x.conf", []byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			if got := dump(f.Directives); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			checkOffsets(t, f)
		})
	}
}

func TestSyntaxErrors(t *testing.T) {
	long := strings.Repeat("x", bufferSize)
	for _, tt := range []struct{ name, src, want string }{
		{"semicolon alone", "a;\n ;", `2:2: unexpected ';'`},
		{"block without a name", "{}", `1:1: unexpected '{'`},
		{"closing brace too many", "a{}\n}", `2:1: unexpected '}'`},
		{"closing brace in a directive", "a{b }", `1:5: unexpected '}', expecting ";" or "{" for "b" of line 1`},
		{"directive without end", "a{\nb c\n", `3:1: unexpected end of file, expecting ";" or "{" for "b" of line 2`},
		{"block without end", "\na {\nb;", `3:3: unexpected end of file, expecting "}" for "a" of line 2`},
		{"quotes without end", "a 'b;\n", `1:3: word has no closing '`},
		{"quotes that end in an escape", `a "b\"`, `1:3: word has no closing "`},
		{"word behind quotes", `a "b"c;`, `1:6: unexpected 'c' behind a closing "`},
		{"brace behind quotes", `a{b "c"}`, `1:8: unexpected '}' behind a closing "`},
		{"comment behind quotes", "a 'b'#\n;", `1:6: unexpected '#' behind a closing '`},
		{"backslash at the end", `a \`, `1:4: unexpected end of file, expecting ";" or "{" for "a" of line 1`},
		{"long word", "a\n" + long + ";", "2:1: word is longer than the 4096 bytes that nginx reads at once; probably a closing quote or a \";\" is missing"},
		{"long comment", "#" + long + "\n", "1:1: comment is longer than the 4096 bytes that nginx reads at once"},
		{"lua without end", "a;\nx_by_lua_block { {}", `2:17: Lua code has no closing "}"`},
		{"lua bracket without end", "x_by_lua_block {\n[==[ ]] }", `2:1: Lua code has no closing ]==]`},
		{"lua comment without end", "x_by_lua_block {--[[ ]=]\n}", `1:19: Lua code has no closing ]]`},
		{"nesting", strings.Repeat("a{", 257), "1:513: blocks are nested deeper than 256"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Parse("/etc/nginx/x.conf", []byte(tt.src))
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || f != nil {
				t.Fatalf("got %v, %v", f, err)
			}
			if want := "/etc/nginx/x.conf:" + tt.want; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}
	if _, err := Parse("x", []byte(strings.Repeat("a{", maxDepth)+strings.Repeat("}", maxDepth))); err != nil {
		t.Errorf("at the bound: %v", err)
	}
}

// TestLua holds the end of Lua code where braces stand in strings and comments. nginx judges the same in
// TestNginxAgreesOnLua.
func TestLua(t *testing.T) {
	for _, code := range []string{
		``, `{}`, `if x then y = {z = {}} end`,
		`x = "}"`, `x = '{'`, `x = "\"}"`, `x = '\\' y = {}`,
		`x = [[ } ]]`, `x = [==[ ]] } ]=] ]==]`, `x = [[
			}
		]]`,
		"-- } it's\n", "--[[ } \n } ]]", "--[==[ } ]] \n } ]==]", "--[=\n", "--[==x }\n",
		`x = t[a[1]]`, `x = a[=b]`, "x = 'no string\n", "x = '\\\n",
	} {
		src := "location / {\n\taccess_by_lua_block {" + code + "}\n\tb;\n}\n"
		f, err := Parse("x", []byte(src))
		if err != nil {
			t.Errorf("%s: %v", code, err)
			continue
		}
		if got := f.Directives[0].Block; len(got) != 2 || got[0].Lua.Value != code || got[0].Block != nil || !got[0].HasBlock {
			t.Errorf("%q: got %s", code, dump(got))
		}
		checkOffsets(t, f)
	}
}

// checkOffsets holds what offsets promise: each range lies in its parent's, in order, and begins and ends with what it
// is the range of.
func checkOffsets(t interface{ Fatalf(string, ...any) }, f *File) {
	src := string(f.Src)
	var check func(ds []*Directive, parent *Directive, from, to int)
	check = func(ds []*Directive, parent *Directive, from, to int) {
		for _, d := range ds {
			if d.Parent != parent || d.Start < from || d.End > to || d.Start != d.Name.Start || d.End <= d.Start {
				t.Fatalf("%q: directive %s at %d-%d is outside of %d-%d", src, d.Name.Value, d.Start, d.End, from, to)
			}
			end := byte(';')
			if d.HasBlock {
				end = '}'
			}
			if src[d.End-1] != end {
				t.Fatalf("%q: directive ends with %q", src, src[d.End-1])
			}
			from = d.Start
			for _, a := range append([]Arg{d.Name}, d.Args...) {
				raw := src[a.Start:a.End]
				if a.Start < from || a.End > d.End || raw == "" {
					t.Fatalf("%q: word %+v is outside of its directive", src, a)
				}
				if a.Quote != 0 {
					if raw[0] != a.Quote || raw[len(raw)-1] != a.Quote {
						t.Fatalf("%q: word %+v is not in its quotes", src, a)
					}
					raw = raw[1 : len(raw)-1]
				}
				if unescape(raw) != a.Value {
					t.Fatalf("%q: word %+v has another value than its bytes", src, a)
				}
				from = a.End
			}
			if src[d.Lua.Start:d.Lua.End] != d.Lua.Value {
				t.Fatalf("%q: Lua code %+v has another value than its bytes", src, d.Lua)
			}
			check(d.Block, d, from, d.End-1)
			from = d.End
		}
	}
	check(f.Directives, nil, 0, len(src))
}

func TestPosition(t *testing.T) {
	f, err := Parse("x", []byte("a;\r\n\té b;\n"))
	if err != nil {
		t.Fatal(err)
	}
	for offset, want := range map[int]string{0: "1:1", 1: "1:2", 3: "1:4", 4: "2:1", 5: "2:2", 8: "2:5", 10: "2:7", 11: "3:1"} {
		for _, f := range []*File{f, {Src: f.Src}} {
			if line, col := f.Position(offset); fmt.Sprintf("%d:%d", line, col) != want {
				t.Errorf("offset %d: got %d:%d, want %s", offset, line, col, want)
			}
		}
	}
}

func TestWalk(t *testing.T) {
	f, err := Parse("x", []byte("a{b{c;}d;}e{f;}"))
	if err != nil {
		t.Fatal(err)
	}
	var seen string
	f.Walk(func(d *Directive) bool {
		seen += d.Name.Value
		return d.Name.Value != "b"
	})
	if seen != "abdef" {
		t.Errorf("got %s", seen)
	}
}
