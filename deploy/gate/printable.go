package gate

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxQuote bounds what a message quotes of something that a container wrote, in bytes.
const maxQuote = 300

// terminalSequence matches CSI and OSC sequences, which move the cursor, colour the text or set the window's title.
var terminalSequence = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?`)

// ciCommand matches the prefixes that some CI systems obey anywhere in a line. The others obey theirs at the begin of a
// line, where there never is a quote.
var ciCommand = regexp.MustCompile(`(?i)##(vso)?\[`)

// printable makes one harmless line of what a container wrote: at most maxQuote bytes of whole runes, with nothing in it
// that a terminal or a CI log would obey. The same input always gives the same line.
func printable(untrusted string) string {
	// What is removed or replaced below may shorten the text a lot, so the quote is cut last and only the work is
	// bounded here.
	text := clip(untrusted, maxOutput)
	text = terminalSequence.ReplaceAllString(text, "")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	text = ciCommand.ReplaceAllString(text, "# #$1[")
	if len(text) > maxQuote {
		const ellipsis = "…"
		text = clip(text, maxQuote-len(ellipsis)) + ellipsis
	}
	return text
}

// clip returns the longest beginning of text that has at most size bytes and does not end in half a rune.
func clip(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}

// lastLine returns the last line that is not blank: where a program that gives up says why. A carriage return begins a
// line, too; what stands before it is the progress that curl has overwritten.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexAny(text, "\r\n")+1:])
}
