package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// learnEnviron takes the secrets of this process's own environment: a CI job's tokens.
func learnEnviron(mask *redact.Redactor, environ []string) {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if value != "" {
			mask.Learn(name, value)
		}
	}
}

// masked is a progress whose sentences show no secret. What the gate says has names and states, no foreign text.
type masked struct {
	model.Progress
	mask *redact.Redactor
}

func (m masked) Say(format string, args ...any) {
	m.Progress.Say("%s", m.mask.Text(fmt.Sprintf(format, args...)))
}

// keepPlaces keeps the paths of the files that the user wrote from being hidden.
func keepPlaces(mask *redact.Redactor, ctx *cli.Context) {
	if dir, err := projectDirectory(ctx); err == nil {
		mask.Keep(dir)
	}
	if path, err := filepath.Abs(ctx.String("config")); err == nil && ctx.String("config") != "" {
		mask.Keep(path)
	}
}
