package redact

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainLimit is how much of a foreign text is shown: a probe may print megabytes.
const plainLimit = 4 << 10

// cutMark marks where a text was cut.
const cutMark = " […]"

// ciCommand matches the marks that CI runners obey anywhere in a line: ##[error], ##vso[...], ##teamcity[...].
var ciCommand = regexp.MustCompile(`##(\w*)\[`)

// Sanitize makes text that a container wrote harmless to a terminal and to a CI runner: terminal escapes and other control
// characters go, what a runner would obey (::set-output at the head of a line, ##[...] anywhere) loses its mark, and what
// is longer than 4 KiB is cut at a whole rune. Line breaks and tabs stay.
func Sanitize(text string) string {
	if len(text) > plainLimit {
		cut := plainLimit
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + cutMark
	}
	return Harmless(text)
}

// Lines are the lines of an output that are not empty, sanitized, without the spaces around them. It is never nil.
func Lines(output []byte) []string {
	lines := []string{}
	for line := range strings.Lines(string(output)) {
		if line = Sanitize(strings.TrimSpace(line)); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Harmless is Sanitize for a text of any length.
func Harmless(text string) string { return strings.TrimRight(Clean(text), "\n") }

// Clean is Harmless for a text whose line breaks at the end stay. A clean text stays as it is.
func Clean(text string) string {
	text = strings.ToValidUTF8(text, "�")
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !unicode.IsControl(r) && !isBidi(r) {
			return r
		}
		return -1
	}, text)
	text = ciCommand.ReplaceAllString(text, "# #$1[")
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if head := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(head, "::") {
			lines[i] = "| " + line
		}
	}
	return strings.Join(lines, "\n")
}

// isBidi tells the marks that reorder what a reader sees.
func isBidi(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
