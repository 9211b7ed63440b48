package redact

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSanitize(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"what is plain", "connection refused\n\tat line 3\n", "connection refused\n\tat line 3"},
		{"nothing", "", ""},
		{"other alphabets", "한국어 Größe 😀", "한국어 Größe 😀"},
		{"colours", "\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"the window's title", "\x1b]0;owned\x07x", "]0;ownedx"},
		{"C1 controls", "a\u009b31mb\u0085c", "a31mbc"},
		{"carriage returns", "10%\r20%\r\nx\r::error::y", "10%20%\nx::error::y"},
		{"backspaces and bells", "a\b\a\x00b\x7f", "ab"},
		{"what reorders the text", "a\u202eb\u2066c\u2069d", "abcd"},
		{"invalid UTF-8", "a\xff\xfeb", "a�b"},
		{"a command of GitHub", "::set-output name=a::b", "| ::set-output name=a::b"},
		{"in a later line, indented", "x\n \t::add-mask::y", "x\n|  \t::add-mask::y"},
		{"behind white space of another alphabet", "\u00a0::error::x\n\u3000::error::y", "| \u00a0::error::x\n| \u3000::error::y"},
		{"behind what is removed", "\x00\x1b::error::x", "| ::error::x"},
		{"in the middle it is harmless", "a ::b::", "a ::b::"},
		{"an older one, obeyed anywhere in a line", "##[set-env name=A]x ##[error]y", "# #[set-env name=A]x # #[error]y"},
		{"one of Azure", "x ##vso[task.setvariable variable=A]b ##VSO[x]", "x # #vso[task.setvariable variable=A]b # #VSO[x]"},
		{"one of TeamCity", "##teamcity[buildStatus status='FAILURE']", "# #teamcity[buildStatus status='FAILURE']"},
		{"a heading", "## [x]", "## [x]"},
	} {
		if got := Sanitize(test.text); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestSanitizeIsShort(t *testing.T) {
	for name, text := range map[string]string{
		"10 MB":                    strings.Repeat("x", 10<<20),
		"10 MB of wide runes":      "xy" + strings.Repeat("한", 10<<20/3),
		"10 MB of nothing but \\n": strings.Repeat("\n", 10<<20),
		"10 MB that is invalid":    strings.Repeat("\xffa", 5<<20),
		"half runes only":          strings.Repeat("\x80", 10<<20),
		"commands only":            strings.Repeat("::a\n", 5<<20),
	} {
		got := Sanitize(text)
		if len(got) > 4*plainLimit || !utf8.ValidString(got) {
			t.Errorf("%s: %d bytes, valid: %v", name, len(got), utf8.ValidString(got))
		}
		if strings.ContainsRune(got, utf8.RuneError) != strings.Contains(text, "\xff") && name != "half runes only" {
			t.Errorf("%s: a rune was cut: …%q", name, got[len(got)-20:])
		}
	}
	if got := Sanitize(strings.Repeat("x", plainLimit)); len(got) != plainLimit {
		t.Errorf("what just fits has %d bytes", len(got))
	}
	if got := Sanitize(strings.Repeat("x", plainLimit+1)); !strings.HasSuffix(got, " […]") {
		t.Error("what was cut does not say so")
	}
}

// A secret may be a file of thousands of lines, each of which is hidden.
func TestAddManyLines(t *testing.T) {
	var file strings.Builder
	for i := range 20_000 {
		file.WriteString(strings.Repeat("x", i%7+4) + strings.Repeat("y", i/7) + "\n")
		if file.Len() > 64<<10 {
			break
		}
	}
	var m Redactor
	m.Learn("secret", file.String())
	m.Learn("token", "zzzz-zzzz")
	if !slices.IsSortedFunc(m.values, func(a, b string) int { return len(b) - len(a) }) || len(m.values) != len(m.known) {
		t.Errorf("%d values are not sorted by their length, or not once each", len(m.values))
	}
	if got := m.Text("zzzz-zzzz, xxxxyyy"); got != "****, ****" {
		t.Error(got)
	}
}
