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
	// NotChecked are rules for bluegate.yml that cannot be applied on this system.
	NotChecked []string `json:"not_checked,omitempty"`
}

// SettingsText returns the effective configuration for people, with two lines per value, so that it fits a narrow
// terminal.
func SettingsText(result SettingsResult) string {
	var b strings.Builder
	for _, s := range result.Values {
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
	for _, rule := range result.NotChecked {
		fmt.Fprintf(&b, "not checked: %s\n", rule)
	}
	return b.String()
}
