package ui

import (
	"fmt"
	"strings"

	"bluegate/cmd/bluegate/config"
	"bluegate/deploy/model"
)

// SettingsResult is the output of `bluegate config --format json`.
type SettingsResult struct {
	Command   string           `json:"command"`
	Outcome   model.Outcome    `json:"outcome"`
	ExitCode  int              `json:"exit_code"`
	Directory string           `json:"directory"`
	Values    []config.Setting `json:"values"`
}

// SettingsText returns the effective configuration for people, with two lines per value, so that it fits a narrow
// terminal.
func SettingsText(settings []config.Setting) string {
	var b strings.Builder
	for _, s := range settings {
		value := "(not set)"
		if s.Value != nil {
			value = strings.ReplaceAll(strings.TrimSpace(fmt.Sprint(s.Value)), "\n", "\n  ")
		}
		from := s.Where
		switch s.From {
		case "default":
			from = "default"
		case "convention":
			from = "convention: " + s.Where
		}
		fmt.Fprintf(&b, "%s: %s\n    %s\n", s.Key, value, from)
	}
	return b.String()
}
