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

func hasWord(name string, of ...[]string) bool {
	return slices.ContainsFunc(words(name), func(w string) bool {
		return slices.ContainsFunc(of, func(list []string) bool { return slices.Contains(list, w) })
	})
}

// keyFor returns what a variable is about without the words for a colour: NEW_PORT, BLUE_PORT and PORT all are port.
func keyFor(name string) string {
	words := slices.DeleteFunc(words(name), func(w string) bool { return hasWord(w, oldWords, newWords, colourWords) })
	return strings.Join(words, "_")
}

// colourIn returns the one colour that is a word of the text.
func colourIn(text string) model.Colour {
	words := words(text)
	blue, green := slices.Contains(words, "blue"), slices.Contains(words, "green")
	switch {
	case blue && !green:
		return model.Blue
	case green && !blue:
		return model.Green
	}
	return model.None
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

// gluedPattern is colourPattern for a name in which nothing separates the colour: nodeblue.
func gluedPattern(name string) string {
	if pattern := colourPattern(name); pattern != name {
		return pattern
	}
	for _, colour := range model.Colours {
		if strings.Count(name, string(colour)) == 1 {
			return strings.Replace(name, string(colour), "{colour}", 1)
		}
	}
	return name
}

// expandColour replaces {colour} in a pattern.
func expandColour(pattern string, colour model.Colour) string {
	return strings.ReplaceAll(pattern, "{colour}", string(colour))
}
