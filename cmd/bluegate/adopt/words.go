package adopt

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"bluegate/deploy/model"
)

// In scripts a variable says by its name whether it means the colour that is to become live or the one that is.
var (
	wordsOfOld = []string{"old", "current", "cur", "active", "live", "before", "previous", "prev", "from", "running"}
	wordsOfNew = []string{"new", "next", "target", "idle", "inactive", "to", "after", "deploy", "standby"}
	wordsOfAny = []string{"color", "colour", "env", "slot", "blue", "green"}
)

func wordsOf(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func meansOld(name string) bool {
	return slices.ContainsFunc(wordsOf(name), func(w string) bool { return slices.Contains(wordsOfOld, w) })
}

// keyFor is what a variable's value is called in bluegate.yml: NEW_PORT, IDLE_PORT and PORT are all the colour's port.
func keyFor(name string) string {
	words := slices.DeleteFunc(wordsOf(name), func(w string) bool {
		return slices.Contains(wordsOfOld, w) || slices.Contains(wordsOfNew, w) || slices.Contains(wordsOfAny, w)
	})
	return strings.Join(words, "_")
}

// colourWord matches a colour that is a word of a name or of a path.
var colourWord = map[model.Colour]*regexp.Regexp{
	model.Blue:  regexp.MustCompile(`(^|[^A-Za-z0-9])blue([^A-Za-z0-9]|$)`),
	model.Green: regexp.MustCompile(`(^|[^A-Za-z0-9])green([^A-Za-z0-9]|$)`),
}

// painted puts {colour} in place of a colour that is a word of the text, and of no other. A text with both has none.
func painted(text string) string {
	colour := colourIn(text)
	if colour == model.None {
		return text
	}
	return colourWord[colour].ReplaceAllString(text, "${1}{colour}${2}")
}

// of puts a colour into a pattern.
func of(pattern string, colour model.Colour) string {
	return strings.ReplaceAll(pattern, "{colour}", string(colour))
}
