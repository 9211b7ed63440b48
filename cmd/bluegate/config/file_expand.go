package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bluegate/cmd/bluegate/config/strict"
	"bluegate/deploy/model"
)

// placeholder matches {key}. ${VARIABLE} belongs to a shell or to nginx; {{word}} is a literal {word}.
var placeholder = regexp.MustCompile(`\{\{[A-Za-z_][A-Za-z0-9_]*\}\}|\$\{[^}]*\}|\{[A-Za-z_][A-Za-z0-9_]*\}`)

// keyName matches what can be between braces.
var keyName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// directiveChars are the characters with which a value could end a directive of nginx or start another one.
const directiveChars = ";{}\"'\\`\n\r\x00"

// expand replaces {colour} and the colour's keys in a text that checkPlaceholders has accepted.
func (f *File) expand(colour model.Colour, text string) string {
	return replaceKeys(text, f.keys(colour))
}

// keys returns the values of a colour's placeholders.
func (f *File) keys(colour model.Colour) map[string]string {
	own := map[string]string{"colour": string(colour)}
	for key, value := range f.Colours[string(colour)].Keys {
		own[key] = replaceKeys(value, map[string]string{"colour": string(colour)})
	}
	return own
}

func replaceKeys(text string, keys map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		if found[0] == '$' {
			return found
		}
		if strings.HasPrefix(found, "{{") {
			return found[1 : len(found)-1]
		}
		if value, known := keys[strings.Trim(found, "{}")]; known {
			return value
		}
		return found
	})
}

// checkPlaceholders checks that every {key} is defined for both colours, and is used only where values differ between
// the colours.
func (f *File) checkPlaceholders() error {
	for colour, c := range f.Colours {
		for key := range c.Keys {
			if key == "colour" || !keyName.MatchString(key) {
				return f.values.Wrong("colours."+colour+"."+key, "invalid key %q: only letters, digits and _ are allowed", key)
			}
		}
	}
	for _, text := range f.values.Texts {
		for _, found := range placeholder.FindAllString(text.Value, -1) {
			if found[0] == '$' || strings.HasPrefix(found, "{{") {
				continue
			}
			if err := f.checkPlaceholder(text, strings.Trim(found, "{}")); err != nil {
				return &strict.Error{Origin: text.Origin, Message: text.Key + ": " + err.Error()}
			}
		}
	}
	return nil
}

func (f *File) checkPlaceholder(text strict.Text, key string) error {
	if text.Tag.Get("expand") == "" {
		if key == "colour" {
			return fmt.Errorf("{colour} is not replaced here: the value is the same for both colours")
		}
		return nil // literal braces
	}
	isKey := strings.HasPrefix(text.Key, "colours.") && !strings.Contains(text.Key, ".env.")
	var known []string
	for _, colour := range model.Colours {
		keys := f.keys(colour)
		if isKey {
			keys = map[string]string{"colour": string(colour)} // a key cannot use other keys
		}
		value, ok := keys[key]
		if !ok {
			for name := range keys {
				known = append(known, "{"+name+"}")
			}
			slices.Sort(known)
			return fmt.Errorf("unknown placeholder {%s} for %s (known: %s); define it under colours.%s, or write {{%s}} for literal braces", key, colour, strings.Join(known, ", "), colour, key)
		}
		if strings.HasPrefix(text.Key, "nginx.") && strings.ContainsAny(value, directiveChars) {
			return fmt.Errorf("{%s} would put %q into nginx's configuration, where ; { }, quotes and line breaks can end a directive", key, value)
		}
	}
	return nil
}

func errNeitherAutoNorSpan(text []byte) error {
	return fmt.Errorf("invalid duration %q: must be auto, or a duration such as 90s", text)
}
