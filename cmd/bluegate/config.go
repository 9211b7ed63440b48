package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/deploy/model"
)

// configuration is what `bluegate config --format json` prints.
type configuration struct {
	Command   string        `json:"command"`
	Outcome   model.Outcome `json:"outcome"`
	ExitCode  int           `json:"exit_code"`
	Directory string        `json:"directory"`
	Values    []setting     `json:"values"`
}

// config shows the effective configuration. It asks neither the engine nor nginx.
func (c *command) config(ctx *cli.Context) error {
	if _, err := c.arguments(ctx, false); err != nil {
		return err
	}
	o, f, err := readOptions(ctx, c.Getenv)
	if err != nil {
		return err
	}
	learnSecrets(&c.mask, f)
	shown := configuration{Command: "config", Outcome: model.OK, Directory: o.Compose.Dir, Values: effective(ctx, f, c.given)}
	for i, s := range shown.Values {
		if s.Key == "compose.files" && s.From == "convention" {
			if found, err := o.Compose.FilesFound(); err == nil {
				shown.Values[i].Value = found
			}
		}
		shown.Values[i].Value = hidden(&c.mask, shown.Values[i].Value)
	}
	if c.format != "json" {
		_, err = io.WriteString(c.Stdout, settingsText(shown.Values))
		return err
	}
	text := json.NewEncoder(c.Stdout)
	text.SetIndent("", "  ")
	text.SetEscapeHTML(false)
	return text.Encode(shown)
}

// given says whether a flag stands on the command line, and not only in the environment.
func (c *command) given(flag string) bool {
	return slices.ContainsFunc(c.args, func(arg string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		return strings.HasPrefix(arg, "-") && name == flag
	})
}

// settingsText is the effective configuration for people, two lines a value: it fits a narrow terminal.
func settingsText(settings []setting) string {
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
