package main

import (
	"strings"

	"bluegate/deploy/redact"
)

// learnEnvironment reports the secrets in the environment of this process: the tokens of a CI job.
func learnEnvironment(mask *redact.Redactor, environ []string) {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if value != "" {
			mask.Learn(name, value)
		}
	}
}
