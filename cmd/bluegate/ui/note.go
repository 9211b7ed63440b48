package ui

import (
	"bluegate/deploy/model"
	"bluegate/watch"
)

// NoteResult is the result of `bluegate note`.
type NoteResult struct {
	Command string        `json:"command"`
	Outcome model.Outcome `json:"outcome"`
	Note    watch.Note    `json:"note"`
	History string        `json:"history"` // the file
}

// PageResult is the result of `bluegate page`.
type PageResult struct {
	Command   string        `json:"command"`
	Outcome   model.Outcome `json:"outcome"`
	Directory string        `json:"directory"`
	Files     int           `json:"files"`
}
