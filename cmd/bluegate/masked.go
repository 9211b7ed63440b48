package main

import (
	"fmt"
	"strings"

	"bluegate/deploy"
)

// learnEnviron takes the secrets of this process's own environment: a CI job's tokens.
func learnEnviron(mask *deploy.Mask, environ []string) {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if value != "" && name != "PWD" && name != "OLDPWD" { // which are folders
			mask.Learn(name, value)
		}
	}
}

// masked is a progress whose sentences show no secret. What the gate says has names and states, no foreign text.
type masked struct {
	deploy.Progress
	mask *deploy.Mask
}

func (m masked) Say(format string, args ...any) {
	m.Progress.Say("%s", m.mask.Text(fmt.Sprintf(format, args...)))
}
