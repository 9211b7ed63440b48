package ui

import (
	"encoding/json"
	"io"
)

// Write writes a command's result to w: its text, or with format json its value as one indented JSON object.
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
