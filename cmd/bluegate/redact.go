package main

import (
	"strings"

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
