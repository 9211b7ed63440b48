package watch

import (
	"fmt"
	"time"
)

// NoteKind says how a note is meant.
type NoteKind string

// The kinds of notes.
const (
	Information NoteKind = "information"
	Warning     NoteKind = "warning"
	Outage      NoteKind = "outage"
)

// ParseNoteKind accepts exactly the kinds of notes.
func ParseNoteKind(text string) (NoteKind, error) {
	switch kind := NoteKind(text); kind {
	case Information, Warning, Outage:
		return kind, nil
	}
	return "", fmt.Errorf("unknown kind of note %q: must be information, warning or outage", text)
}

// Note is a message of an operator.
type Note struct {
	ID   string    `json:"id"` // unique, and sorts by time
	At   time.Time `json:"at"`
	Kind NoteKind  `json:"kind"`
	// About is the name of a check, or other words of the operator; empty: everything.
	About string `json:"about,omitempty"`
	Text  string `json:"text"` // as it was written: not safe for a page or a terminal
	By    string `json:"by"`   // user@host
}
