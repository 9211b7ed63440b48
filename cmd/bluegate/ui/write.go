package ui

import (
	"encoding/json"
	"io"
	"strings"
)

// Write writes the result of a command to w: text, or with format json the value as one indented JSON object.
func Write(w io.Writer, format string, value any, text string) error {
	if format != "json" {
		_, err := io.WriteString(w, text)
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// Compact returns a value as one line of JSON.
func Compact(value any) (string, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return b.String(), err
}
