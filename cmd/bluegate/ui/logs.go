package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// Logs writes the lines of the logs of several containers: each with its container's name, or as one JSON object.
type Logs struct {
	Out   io.Writer
	JSON  bool
	Mask  *redact.Redactor
	width int // of the longest name so far
}

// LogLine is one line of a container's log.
type LogLine struct {
	At     time.Time
	Stream string
	Text   string
}

// logObject is a line with --format json.
type logObject struct {
	Time      *time.Time   `json:"time"` // null: the engine did not say it
	Colour    model.Colour `json:"colour"`
	Service   string       `json:"service"`
	Container string       `json:"container"`
	Stream    string       `json:"stream"`
	Text      string       `json:"text"`
}

// Line writes one line, without secrets, and harmless to a terminal and to a CI runner. It returns an error if the reader
// is gone.
func (l *Logs) Line(c model.Container, line LogLine) error {
	text := l.Mask.Text(redact.Harmless(line.Text)) // in this order: what is taken out could keep a secret apart
	if !l.JSON {
		l.width = max(l.width, len(c.Name))
		_, err := fmt.Fprintf(l.Out, "%-*s | %s\n", l.width, c.Name, text)
		return err
	}
	o := logObject{Colour: c.Colour, Service: c.Service, Container: c.Name, Stream: line.Stream, Text: text}
	if !line.At.IsZero() {
		o.Time = &line.At
	}
	encoder := json.NewEncoder(l.Out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(o)
}
