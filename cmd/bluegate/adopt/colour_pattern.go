package adopt

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"bluegate/deploy/model"
)

// In scripts, the name of a variable tells whether it means the live colour or the one that becomes live.
var (
	oldWords    = []string{"old", "current", "cur", "active", "live", "before", "previous", "prev", "from", "running"}
	newWords    = []string{"new", "next", "target", "idle", "inactive", "to", "after", "deploy", "standby"}
	colourWords = []string{"color", "colour", "env", "slot", "blue", "green"}
)

func words(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func isOldName(name string) bool {
	return slices.ContainsFunc(words(name), func(w string) bool { return slices.Contains(oldWords, w) })
}

// keyFor returns the key in bluegate.yml for a variable: NEW_PORT, IDLE_PORT and PORT all become port.
func keyFor(name string) string {
	words := slices.DeleteFunc(words(name), func(w string) bool {
		return slices.Contains(oldWords, w) || slices.Contains(newWords, w) || slices.Contains(colourWords, w)
	})
	return strings.Join(words, "_")
}

// colourWord matches a colour that is a word of a name or of a path.
var colourWord = map[model.Colour]*regexp.Regexp{
	model.Blue:  regexp.MustCompile(`(^|[^A-Za-z0-9])blue([^A-Za-z0-9]|$)`),
	model.Green: regexp.MustCompile(`(^|[^A-Za-z0-9])green([^A-Za-z0-9]|$)`),
}

// colourPattern replaces a colour that is a word of the text with {colour}. It does not change a text with both
// colours.
func colourPattern(text string) string {
	colour := colourIn(text)
	if colour == model.None {
		return text
	}
	return colourWord[colour].ReplaceAllString(text, "${1}{colour}${2}")
}

// expandColour replaces {colour} in a pattern.
func expandColour(pattern string, colour model.Colour) string {
	return strings.ReplaceAll(pattern, "{colour}", string(colour))
}
