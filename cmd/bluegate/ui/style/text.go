package style

import "strings"

// Indent indents every line of a text but the first.
func Indent(text, by string) string { return strings.ReplaceAll(text, "\n", "\n"+by) }

// Prefixed is a text after a prefix; an empty text has none.
func Prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// PrefixedBy is a text before a suffix; an empty text has none.
func PrefixedBy(text, suffix string) string {
	if text == "" {
		return ""
	}
	return text + suffix
}

// FirstLine is the first line of a text.
func FirstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
